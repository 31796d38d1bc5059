package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The fixes of one report are followed together: they name one set of settings, the
// largest that any of them needs. Every scenario checks besides that no two patches disagree.
func TestTheFixesOfAReportAgree(t *testing.T) {
	refused := func(at time.Duration) request {
		return request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	}
	// It closes its door and drains until it is killed.
	closes := func(d *death) *scenario {
		s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
		s.request(request{sent: 8 * second, took: 5 * second, pod: "web-2"}).request(refused(7350 * ms))
		return s.request(request{sent: 6750 * ms, took: 2510 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	}
	hooked := killed()
	hooked.preStop, hooked.sleep = recording.PreStopSleep, second
	// A proxy ends before the program; the longest request is one that this cut.
	proxied := func() *scenario {
		s := twoContainers(listening("proxy", 0, 0, 6*second), waiting(listening("app", 8080, 0, 17*second), 10*second))
		return s.request(cutKept(50*ms, 6210*ms)).request(refused(6900 * ms))
	}
	// The containers of web-1 are those of an older template, in which php is behind nginx.
	templates := func() *scenario {
		front, behind := waiting(listening("nginx", 80, 0, 11*second), 5*second), listening("php", 9000, 0, 6*second)
		s := newScenario().pod("web-1", &death{
			deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second,
			preStop: recording.PreStopSleep, sleep: 5 * second,
		}).pod("web-2", abrupt()).pod("web-3", nil).made("web-1", front, behind).made("web-2", listening("php", 80, 2, 6*second))
		s.header.Workload.TargetPorts = []string{"80"}
		s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(16 * second)
		s.request(request{sent: 7200 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 502})
		return s.request(refused(6500 * ms))
	}
	tests := []struct {
		name string
		s    *scenario
		want map[report.Cause][]string // in the text and the patch of its fix
	}{
		{
			"a grace that was too little, and a sleep that is to come", closes(killed()),
			map[report.Cause][]string{
				report.GraceTooShort: {
					"Set terminationGracePeriodSeconds to 12: 4s for the preStop sleep that is advised, 5s for the longest request, and 3s to spare.",
					`{"terminationGracePeriodSeconds":12}`,
				},
				report.ListenerClosedEarly: {"a preStop sleep of 4 s.", `"seconds":4`, `"terminationGracePeriodSeconds":12`},
			},
		},
		{
			"the same beside a hook that leaves too little, and is too short", closes(hooked),
			map[report.Cause][]string{
				report.PrestopEatsGrace: {
					"Set terminationGracePeriodSeconds to 12: 4s for the preStop sleep that is advised, 5s for the longest request, and 3s to spare. The grace counts from",
					`{"terminationGracePeriodSeconds":12}`,
				},
				report.ListenerClosedEarly: {"a preStop sleep of 4 s.", `"seconds":4`, `"terminationGracePeriodSeconds":12`},
			},
		},
		{
			"a container that cut requests and then took none", proxied(),
			map[report.Cause][]string{
				report.NoDrain:             {"a preStop sleep of 19 s, which outlasts the requests", `"seconds":19`},
				report.ListenerClosedEarly: {"a preStop sleep of 19 s, which outlasts the requests", `"seconds":19`},
			},
		},
		{
			"a container that is behind another in some pods alone", templates(),
			map[report.Cause][]string{
				report.ErrorsWhileDraining: {"a preStop sleep of 8 s, which outlasts the requests", `"seconds":8`},
				report.ListenerClosedEarly: {"a preStop sleep of 8 s. ", "2s are added for slower moments. That makes 3 s; another fix of this report needs the longer sleep.", `"seconds":8`},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := tt.s.analyze(t)
			for cause, wants := range tt.want {
				fix := fixOf(t, rep, cause)
				for _, want := range wants {
					if !strings.Contains(fix.Text+"\n"+fix.Patch, want) {
						t.Errorf("%s: %q is not in\n%s\n%s", cause, want, fix.Text, fix.Patch)
					}
				}
			}
		})
	}
}
