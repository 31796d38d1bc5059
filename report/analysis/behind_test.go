package analysis

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A web server or a mesh's proxy in the pod answers 502 or 503 by itself, and names no
// pod, from when the program behind it in the same pod stops listening. That program is
// told to stop as soon as its own hook is over, which may be long before the one that
// serves is: right at the pod's deletion where it has no hook, and for a native sidecar
// always.
func TestAProxyInThePodAnswersForTheProgramBehindIt(t *testing.T) {
	front := listening("front", 80, 0, 11*second)
	front.PreStop, front.PreStopSleep = recording.PreStopSleep, 5*second
	behind := listening("behind", 9000, 0, 6*second)
	mesh := listening("mesh", 80, 0, 11*second)
	mesh.Sidecar = true
	app := listening("app", 9000, 0, 10*second)
	end := func() *death {
		return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second, preStop: recording.PreStopSleep, sleep: 5 * second}
	}
	// Before the one that serves is told to stop.
	atOnce := answered(request{sent: 7200 * ms, took: ms}, 502)
	for name, tt := range map[string]struct {
		lost       request
		containers []recording.Container
		want       string
	}{
		"the program behind it ends first, on a kept connection": {onKept(atOnce, "web-1"), []recording.Container{front, behind}, "failed; 1 errors-while-draining (certain) [web-1] before SIGTERM"},
		"the program behind it ends first, on a new one":         {atOnce, []recording.Container{front, behind}, "failed; 1 errors-while-draining (possible) [web-1] before SIGTERM"},
		"a native sidecar, on a kept connection":                 {onKept(atOnce, "web-1"), []recording.Container{mesh, app}, "failed; 1 errors-while-draining (certain) [web-1] before SIGTERM"},
		"a native sidecar, on a new connection":                  {atOnce, []recording.Container{mesh, app}, "failed; 1 errors-while-draining (possible) [web-1] before SIGTERM"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", end()).pod("web-2", nil).pod("web-3", nil).made("web-1", tt.containers...)
			s.header.Workload.TargetPorts = []string{"80"}
			undisturbed(s)
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
