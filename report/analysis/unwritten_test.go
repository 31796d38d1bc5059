package analysis

import (
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// What a machine without processor time had not written in time tells nothing of pods
// that end meanwhile. Where a body is sent, or others were written before it, the other
// side may not have read.
func TestUnwrittenRequests(t *testing.T) {
	lost := request{sent: 5800 * ms, took: 10 * second, phase: recording.PhaseWrite, class: recording.ClassTimeout}
	kept := lost
	kept.stream, kept.conn, kept.served = "short-reused", 1, 7
	tests := []struct {
		name    string
		lost    request
		body    bool
		verdict report.Verdict
	}{
		{"on a new connection", lost, false, report.Inconclusive},
		{"with a body", lost, true, report.Failed},
		{"on a kept connection", kept, false, report.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sound().request(tt.lost)
			if tt.body {
				for i := range s.header.Check.Streams {
					s.header.Check.Streams[i].Body = &check.Body{Text: check.NewValue("x")}
				}
			}
			r := s.analyze(t)
			told := slices.ContainsFunc(r.Reasons, func(reason string) bool { return strings.Contains(reason, "before this machine had written") })
			if r.Verdict != tt.verdict || told != (tt.verdict == report.Inconclusive) {
				t.Errorf("%s %q", r.Verdict, r.Reasons)
			}
			own := 0
			for _, f := range r.Findings {
				own += f.OwnMaking
			}
			if told != (own == 1) {
				t.Errorf("%d of own making", own)
			}
		})
	}
}
