package analysis

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Of two pods that are told to stop together, one that answers on a connection that was
// made after a refusal did not refuse it.
func TestRefusedByTheOneThatHadClosed(t *testing.T) {
	const both, one = "failed; 1 listener-closed-early (likely) [web-1 web-2] between SIGTERM and exit",
		"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"
	refused := request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	tests := []struct {
		name   string
		answer request
		want   string
	}{
		{"it answered on a later connection", request{sent: 6600 * ms, pod: "web-2"}, one},
		{"it answered on an earlier one", request{sent: 6400 * ms, pod: "web-2"}, both},
		{"clocks may differ by as much", request{sent: 6530 * ms, pod: "web-2"}, both},
		{"it answered on a kept one", request{sent: 6600 * ms, pod: "web-2", connPod: "web-2", served: 4}, both},
		{"it answered at another port", request{sent: 6600 * ms, pod: "web-2", address: "127.0.0.1:30081"}, both},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", drained()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			s.request(tt.answer).request(refused)
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
