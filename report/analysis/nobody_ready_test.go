package analysis

import (
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A time without a ready pod that cost nothing was luck, and is told.
func TestATimeWithoutAReadyPod(t *testing.T) {
	run := func(back bool) *report.Report {
		s := newScenario().pod("web-1", drained()).traffic(0, 8*second, "web-1").steady(12 * second)
		s.setEndpoint(8*second, recording.Endpoint{PodUID: "uid-web-9", Pod: "web-9", Ready: true, Serving: true})
		if back {
			s.request(request{sent: 9 * second, pod: "web-9"})
		} else {
			s.request(request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		}
		return s.analyze(t)
	}
	warned := func(rep *report.Report) bool {
		return slices.ContainsFunc(rep.Warnings, func(w report.Warning) bool {
			return w.Cause == report.NoCapacity && strings.HasPrefix(w.Text, "no pod was ready in the EndpointSlice for 1.78s: ")
		})
	}
	if rep := run(true); !warned(rep) {
		t.Errorf("nothing was lost: %+v", rep.Warnings)
	}
	if rep := run(false); warned(rep) || rep.Findings[0].Cause != report.NoCapacity {
		t.Errorf("a finding tells it: %s\n%+v", summary(rep), rep.Warnings)
	}
}

// Where the check asks for no pods, no change of the workload helps.
func TestACheckThatAsksForNoPods(t *testing.T) {
	none := check.Disruption{Scale: &check.Scale{To: 0}}
	for name, tt := range map[string]struct {
		disruptions []check.Disruption
		want        bool
	}{
		"none":                  {[]check.Disruption{none}, true},
		"one":                   {[]check.Disruption{{Scale: &check.Scale{To: 1}}}, false},
		"none, after a restart": {[]check.Disruption{{Restart: &check.Restart{}}, none}, false},
	} {
		s := newScenario().pod("web-1", drained()).traffic(0, 6*second, "web-1").steady(12 * second)
		s.header.Check.Disruptions = tt.disruptions
		s.request(request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		fix := fixOf(t, s.analyze(t), report.NoCapacity)
		if said := strings.HasPrefix(fix.Text, "The check itself asked for no pods"); said != tt.want || said && fix.Patch != "" {
			t.Errorf("%s: %+v", name, fix)
		}
	}
}
