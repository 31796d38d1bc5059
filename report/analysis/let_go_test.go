package analysis

import (
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Two pods of a rollout take SIGTERM for a reload: each lets go of what it has as it comes,
// and lives on until it is killed. No answer names a pod.
func TestWhatOnePodLetsGoOfIsNotAnothers(t *testing.T) {
	reloads := func(signalled time.Duration) *death {
		return &death{deleted: signalled - 50*ms, left: signalled - 30*ms, killing: signalled, exited: signalled + 5010*ms, gone: signalled + 6*second, grace: 5 * second, code: 137}
	}
	waits := func(signalled time.Duration, hook recording.PreStopKind) *death {
		d := reloads(signalled - second)
		d.preStop, d.sleep, d.exited = hook, second, signalled+4010*ms
		return d
	}
	const one, next, cutAt = 6250 * ms, 7250 * ms, 7300 * ms
	cut := func(age time.Duration, class recording.Class) request {
		return request{sent: cutAt - age, took: age, phase: recording.PhaseFirstByte, class: class}
	}
	long, short, middling := cut(900*ms, recording.ClassEOF), cut(12*ms, recording.ClassEOF), cut(78*ms, recording.ClassReset)
	refused := request{sent: 6400 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	kept := request{stream: "short-reused", sent: cutAt - 12*ms, took: 12 * ms, served: 7, conn: 1, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	const (
		second1 = "failed; 1 no-drain (likely) [web-2] between SIGTERM and exit"
		both    = "failed; 1 no-drain (possible) [web-1 web-2] between SIGTERM and exit"
	)
	for name, tt := range map[string]struct {
		first, second *death
		lost          []request
		want          string
	}{
		"long under way":                         {reloads(one), reloads(next), []request{long}, second1},
		"after a sleep":                          {waits(one, recording.PreStopSleep), waits(next, recording.PreStopSleep), []request{long}, second1},
		"after a command that sleeps":            {waits(one, recording.PreStopExec), waits(next, recording.PreStopExec), []request{long}, both},
		"not long under way, together with such": {reloads(one), reloads(next), []request{long, short, middling}, "failed; 3 no-drain (likely) [web-2] between SIGTERM and exit"},
		"on a kept connection":                   {reloads(one), reloads(next), []request{kept}, "failed; 1 keepalive-cut (likely) [web-2] between SIGTERM and exit"},
		"not long under way, where dials are refused": {
			reloads(one), reloads(next),
			[]request{middling, refused},
			"failed; 2 listener-closed-early (likely) [web-1 web-2] between SIGTERM and exit",
		},
		"not long under way, where something may accept for them": {
			reloads(one), reloads(next), []request{middling}, "failed; 1 listener-closed-early (likely) [web-1 web-2] between SIGTERM and exit",
		},
		"both are told to stop at once": {reloads(next), reloads(next), []request{long}, "failed; 1 no-drain (likely) [web-1 web-2] between SIGTERM and exit"},
		"the first is killed just then": {
			func() *death { d := reloads(2250 * ms); d.exited = cutAt; return d }(), reloads(next), []request{long}, "failed; 1 grace-too-short (likely) [web-1] at the exit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.first).pod("web-2", tt.second).pod("web-3", nil)
			s.unnamed(0, 6200*ms).unnamed(9*second, 30*second).steady(14 * second)
			s.request(request{sent: 20 * second, took: 2 * second})
			for _, r := range tt.lost {
				s.request(r)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			for _, f := range rep.Failures {
				if len(tt.lost) > 1 && f.Ended.Equal(after(cutAt)) && !slices.Equal(f.Pods, []string{"web-2"}) {
					t.Errorf("what was cut as web-2 was told to stop is laid to %v", f.Pods)
				}
			}
		})
	}
}
