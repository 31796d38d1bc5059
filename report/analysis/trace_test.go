package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A failure tells its trace where requests bore one, and a finding those of the first.
func TestTracesOfFailures(t *testing.T) {
	build := func(base recording.TraceBase) *scenario {
		s := sound()
		s.header.TraceBase = base
		for range tracesShown + 1 {
			s.request(refused)
		}
		return s
	}
	base := recording.TraceBase{1, 2, 3}
	rep := build(base).analyze(t)
	var want []string
	for _, f := range rep.Failures {
		id := base.Traces(f.Stream).ID(f.Seq).String()
		if f.TraceID != id {
			t.Errorf("request %d: %q, want %s", f.Seq, f.TraceID, id)
		}
		want = append(want, id)
	}
	evidence := strings.Join(rep.Findings[0].Evidence, "\n")
	if len(want) != tracesShown+1 || !strings.HasSuffix(evidence, "\ntraces of the first: "+strings.Join(want[:tracesShown], ", ")) {
		t.Errorf("%s\nwant %q", evidence, want)
	}
	rep = build(recording.TraceBase{}).analyze(t)
	if evidence := strings.Join(rep.Findings[0].Evidence, "\n"); rep.Failures[0].TraceID != "" || strings.Contains(evidence, "traces") {
		t.Errorf("%q, %s", rep.Failures[0].TraceID, evidence)
	}
}
