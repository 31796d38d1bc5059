package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A pod that has left the slices for longer than kube-proxies take is asked nothing new,
// where the URL leads straight to the service and others are ready.
func TestWhatComesLongAfterAPodHasLeftIsNotItsOwn(t *testing.T) {
	slept := &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11320 * ms, gone: 12 * second,
		grace: 30 * second, preStop: recording.PreStopSleep, sleep: 5 * second,
	}
	lost := func(sent time.Duration) map[string]request {
		return map[string]request{
			"refused":   {sent: sent, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused},
			"timed out": {sent: sent, took: second, phase: recording.PhaseDial, class: recording.ClassTimeout},
			"503":       {sent: sent, took: ms, phase: recording.PhaseDone, class: recording.ClassStatus, status: 503},
			"500":       {sent: sent, took: ms, phase: recording.PhaseDone, class: recording.ClassStatus, status: 500},
		}
	}
	for name, r := range lost(11400 * ms) {
		for _, straight := range []bool{true, false} {
			s := newScenario().pod("web-1", slept).pod("web-2", nil).pod("web-3", nil).unnamed(0, 30*second).steady(14 * second).request(r)
			s.header.Workload.ServesURL = straight
			blamed := strings.Contains(summary(s.analyze(t)), "[web-1]")
			if blamed && straight {
				t.Errorf("%s, 5 s after it had left, straight to the service: %s", name, summary(s.analyze(t)))
			}
			if !blamed && !straight && name == "timed out" {
				t.Errorf("%s, where a balancer may be late: %s", name, summary(s.analyze(t)))
			}
		}
	}
}

// Where all requests of an address go to one pod, a pass shows nothing of the others.
func TestSessionAffinityWithoutNames(t *testing.T) {
	passes := func(change func(*scenario)) *report.Report {
		s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).steady(12 * second)
		s.header.Workload.Sticky = []string{"web"}
		change(s)
		return s.analyze(t)
	}
	if rep := passes(func(s *scenario) { s.unnamed(0, 30*second) }); rep.Verdict != report.Inconclusive || !slices.ContainsFunc(rep.Reasons, func(r string) bool {
		return strings.HasPrefix(r, "service web has session affinity")
	}) {
		t.Errorf("%s: %q", rep.Verdict, rep.Reasons)
	}
	if rep := passes(func(s *scenario) { undisturbed(s) }); slices.ContainsFunc(rep.Reasons, func(r string) bool { return strings.Contains(r, "session affinity") }) {
		t.Errorf("with names: %q", rep.Reasons)
	}
	if rep := passes(func(s *scenario) { s.unnamed(0, 30*second); s.header.Workload.Sticky = nil }); rep.Verdict != report.Passed {
		t.Errorf("without affinity: %s: %q", rep.Verdict, rep.Reasons)
	}
}

// A stream of reused connections that reuses none tells nothing of such.
func TestConnectionsThatAreNeverReused(t *testing.T) {
	for name, served := range map[string]uint32{"never": 0, "once": 1} {
		s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).steady(12 * second)
		for at := time.Duration(0); at < 30*second; at += 20 * ms {
			s.request(request{sent: at, pod: "web-2"})
			s.request(request{stream: "short-reused", sent: at, pod: "web-2"})
		}
		s.request(request{stream: "short-reused", sent: 20 * second, pod: "web-2", served: served})
		rep := s.analyze(t)
		warned := slices.ContainsFunc(rep.Warnings, func(w report.Warning) bool {
			return strings.HasPrefix(w.Text, "no connection of short-reused was ever used again")
		})
		if never := served == 0; warned != never || (rep.Power["short-reused"] == 0) != never {
			t.Errorf("%s: warned %t, power %v", name, warned, rep.Power)
		}
	}
}
