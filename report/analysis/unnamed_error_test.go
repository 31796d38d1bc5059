package analysis

import (
	"strings"
	"testing"
)

// What a server answers by itself as it stops lacks the header that the program sets.
func TestAnErrorWithoutAName(t *testing.T) {
	const unknown = "failed; 1 unknown () [] outside of any termination"
	draining := request{sent: 6900 * ms, took: 2 * ms}
	tests := []struct {
		name string
		lost request
		want string
	}{
		{"503 on the pod's own connection", answered(onKept(draining, "web-1"), 503), "failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit"},
		{"500 on it", answered(onKept(draining, "web-1"), 500), "failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit"},
		{"503 on a new connection", answered(draining, 503), "failed; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit"},
		{"500 at the exit to one that was in flight at SIGTERM", answered(request{sent: 6100 * ms, took: 4150 * ms}, 500), "failed; 1 no-drain (possible) [web-1] at the exit"},
		{"what came before", answered(request{sent: 6100 * ms, took: 900 * ms}, 503), unknown},
		{"503 on a connection of a pod that stays", answered(onKept(draining, "web-2"), 503), unknown},
		{"before the pod was told to stop", answered(onKept(request{sent: 6100 * ms, took: 2 * ms}, "web-1"), 500), unknown},
		{"after its exit", answered(request{sent: 11500 * ms, took: 2 * ms}, 500), unknown},
		{"the client's own mistake", answered(onKept(draining, "web-1"), 404), unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)
			s.traffic(0, 30*second, "web-2", "web-3").traffic(0, 6200*ms, "web-1").steady(12 * second)
			for at := 100 * ms; at < 6200*ms; at += 100 * ms {
				s.request(request{stream: "short-reused", sent: at, pod: "web-1", connPod: "web-1", served: 3})
			}
			rep := s.request(tt.lost).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			limited := strings.Contains(rep.Findings[0].Fix.Text, "where the program limits how long it drains")
			if want := strings.Contains(tt.want, "no-drain"); limited != want {
				t.Errorf("the fix is %s", rep.Findings[0].Fix.Text)
			}
		})
	}
}
