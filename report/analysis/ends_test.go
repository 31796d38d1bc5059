package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// What the ends of two pods prove of those to come.
func TestEnds(t *testing.T) {
	cut := request{stream: "short-reused", sent: 10249 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	either := request{sent: 6900 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	tests := []struct {
		name   string
		change func(*scenario)
		lossy  int
		atMost float64
		says   string
	}{
		{"nothing lost", func(*scenario) {}, 0, 0.7764, "of ends such as these up to 78 % could still lose a request (95 % confidence, if each end is a draw of its own)"},
		{"one has lost something", func(s *scenario) { s.request(cut) }, 1, 0.9747, "of ends such as these up to 97 % could lose a request"},
		{"either may have", func(s *scenario) { s.request(either) }, 2, 1, "up to 100 %"},
		{"nobody knows which has", func(s *scenario) { s.request(stray) }, 1, 0.9747, "up to 97 %"},
		{"nothing is proven", func(s *scenario) { s.ending = nil }, 0, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", drained()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			s.header.Check.Budget = check.Budget{Failed: 1, Maskable: 1, Unattributed: 1}
			tt.change(s)
			rep := s.analyze(t)
			if e := rep.Ends; e == nil || e.Seen != 2 || e.Lossy != tt.lossy || e.Confidence != 0.95 || e.AtMost != tt.atMost {
				t.Errorf("the ends are %+v, want 2, %d, at most %g; %s", e, tt.lossy, tt.atMost, summary(rep))
			}
			if said := strings.Join(rep.Reasons, "\n"); !strings.Contains(said, tt.says) || (rep.Verdict == report.Passed) != (tt.says != "") {
				t.Errorf("the verdict is %s: %s", rep.Verdict, said)
			}
		})
	}
}
