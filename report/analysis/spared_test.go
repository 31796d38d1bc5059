package analysis

import (
	"fmt"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// After a preStop sleep kept connections alone carry requests, so that the absence of new
// ones among those that an exit cuts shows nothing. How old they are does.
func TestKeptRequestsThatAnExitCutsAfterASleep(t *testing.T) {
	slept := func() *death {
		return &death{
			deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11320 * ms, gone: 12 * second,
			grace: 30 * second, preStop: recording.PreStopSleep, sleep: 5 * second,
		}
	}
	for name, tt := range map[string]struct {
		ages []time.Duration // of what is cut, one of each pod
		want string
	}{
		"what was being answered":      {[]time.Duration{6 * ms, 12 * ms, 17 * ms}, "failed; 3 no-drain (likely) [web-1 web-2 web-3] at the exit"},
		"what was not read":            {[]time.Duration{12 * ms, 34 * ms, 60 * ms}, "failed; 3 keepalive-cut (likely) [web-1 web-2 web-3] at the exit"},
		"too few to tell by their age": {[]time.Duration{34 * ms, 60 * ms}, "failed; 2 no-drain (likely) [web-1 web-2] at the exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", slept()).pod("web-2", slept()).pod("web-3", slept()).pod("web-4", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3", "web-4").traffic(8*second, 30*second, "web-4").steady(13 * second)
			for i, age := range tt.ages {
				s.request(cutOf(fmt.Sprintf("web-%d", i+1), 11320*ms-age, age))
			}
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// cutOf is a request on a connection that the pod had answered on, cut without a byte.
func cutOf(pod string, sent, took time.Duration) request {
	r := cutKept(sent, took)
	r.connPod = pod
	return r
}
