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

// One exit of a program that leaves at once shows what the others are, where no answer
// names a pod too. Where connections are closed in good order a few look older, for
// late news.
func TestAnExitThatCutsShowsTheOthers(t *testing.T) {
	slept := func(exited time.Duration) *death {
		return &death{
			deleted: exited - 5120*ms, left: exited - 5100*ms, killing: exited - 5070*ms, exited: exited, gone: exited + second,
			grace: 30 * second, preStop: recording.PreStopSleep, sleep: 5 * second,
		}
	}
	for name, tt := range map[string]struct {
		ages []time.Duration // of what is cut, one of each pod
		want string
	}{
		"one of three was being answered": {[]time.Duration{12 * ms, 2 * ms, 3 * ms}, "failed; 3 no-drain (possible) [web-1 web-2 web-3] at the exit"},
		"none was":                        {[]time.Duration{ms, 2 * ms, 3 * ms}, "failed; 3 keepalive-cut (possible) [web-1 web-2 web-3] at the exit"},
	} {
		t.Run(name, func(t *testing.T) {
			exits := []time.Duration{11320 * ms, 16320 * ms, 21320 * ms}
			s := newScenario().pod("web-1", slept(exits[0])).pod("web-2", slept(exits[1])).pod("web-3", slept(exits[2])).pod("web-4", nil)
			s.unnamed(0, 30*second).steady(24 * second)
			for i, age := range tt.ages {
				s.request(cutOf("", exits[i]-age, age))
			}
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
