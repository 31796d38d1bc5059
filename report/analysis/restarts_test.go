package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A container that is begun anew at once may answer within the second in which the one
// before it ended, which is all that its status tells of that moment.
func TestAContainerBegunAnewAtOnce(t *testing.T) {
	tests := []struct {
		name   string
		answer request
		want   time.Duration // the earliest moment of the exit
	}{
		{"answers", request{sent: 7600 * ms, pod: "web-1"}, 7 * second},
		{"the one before it answers what came before", request{sent: 6800 * ms, took: 700 * ms, pod: "web-1"}, 7500*ms - delivery},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().traffic(0, 6800*ms, "web-1", "web-2").traffic(9*second, 20*second, "web-1", "web-2")
			s.pod("web-1", nil).pod("web-2", nil)
			s.crash("web-1", 7900*ms, 9*second, recording.Exit{Code: 2, Reason: "Error"}).killing("web-1", 6900*ms)
			r := s.request(tt.answer).analyze(t)
			if len(r.Terminations) != 1 {
				t.Fatalf("%d terminations", len(r.Terminations))
			}
			if from := r.Terminations[0].Exited.From.Sub(began); from != tt.want {
				t.Errorf("it exited no earlier than %s, want %s", from, tt.want)
			}
		})
	}
}
