package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// From afar the news that a connection was closed is as old as the way there and back, and
// no pod need have had the request meanwhile.
func TestAClosedConnectionIsToldOfAfterARoundTrip(t *testing.T) {
	kept := request{sent: 6530 * ms, took: 62 * ms, connPod: "web-1", served: 3, stream: "short-reused", phase: recording.PhaseFirstByte, class: recording.ClassReset}
	tests := map[string]struct {
		connects time.Duration
		want     string
	}{
		"near": {0, "failed; 1 no-drain (likely) [web-1] at the exit"},
		"afar": {60 * ms, "failed; 1 keepalive-cut (likely) [web-1] at the exit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", soon(0)).pod("web-2", nil)
			s.connects = tt.connects
			s.traffic(0, 6200*ms, "web-1", "web-2").traffic(6300*ms, 30*second, "web-2").steady(11 * second).request(kept)
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
