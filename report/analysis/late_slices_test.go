package analysis

import (
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A control plane that takes notice of a pod's end seconds later is told of, but
// neither a gap of the watch nor a service that publishes addresses of pods that are
// not ready is taken for one.
func TestLateSlices(t *testing.T) {
	slow := func() *death {
		d := drained()
		d.left = 9700 * ms // seen to be deleted at 6202 ms
		return d
	}
	published := func(s *scenario) {
		s.setEndpoint(6220*ms, recording.Endpoint{Pod: "web-1", PodUID: "uid-web-1", Ready: true, Serving: true, Terminating: true})
	}
	tests := map[string]struct {
		with  *death
		other func(*scenario)
		told  bool
	}{
		"in time": {drained(), func(*scenario) {}, false},
		"late":    {slow(), func(*scenario) {}, true},
		"the watch had a gap": {slow(), func(s *scenario) {
			s.events = append(s.events, recording.Event{At: after(9600 * ms), Gap: &recording.Gap{Resource: "endpointslices", From: after(7 * second), To: after(9600 * ms)}})
		}, false},
		"not ready ones are published": {slow(), published, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-2", nil).pod("web-3", nil).pod("web-1", tt.with)
			tt.other(s)
			slices.SortStableFunc(s.events, func(a, b recording.Event) int { return a.At.Compare(b.At) })
			var said []string
			for _, w := range undisturbed(s).analyze(t).Warnings {
				said = append(said, w.Text)
			}
			all := strings.Join(said, "; ")
			if told := strings.Contains(all, "followed the end of"); told != tt.told || told && !strings.Contains(all, "of web-1 up to 3.5s late") {
				t.Errorf("it says %q, want it told: %t", said, tt.told)
			}
		})
	}
}
