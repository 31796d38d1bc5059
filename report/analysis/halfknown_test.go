package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// hooked is a pod whose hook runs a command of unknown length: SIGTERM lies anywhere
// between 6.25 s and its exit after 9 s.
func hooked() *death {
	return &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms,
		grace: 30 * second, preStop: recording.PreStopExec,
	}
}

// Of a moment that lies anywhere in a long time nothing is told from one of its ends.
func TestNothingIsToldFromOneEndOfAMoment(t *testing.T) {
	build := func(d *death) *scenario {
		return undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
	}
	t.Run("no warning and no margin", func(t *testing.T) {
		rep := build(hooked()).analyze(t)
		if rep.Verdict != report.Passed || len(rep.Warnings) != 0 || rep.Terminations[0].Margins.Drain != nil {
			t.Errorf("%s %+v %v", rep.Verdict, rep.Warnings, rep.Terminations[0].Margins.Drain)
		}
	})
	t.Run("but where it holds for both ends", func(t *testing.T) {
		d := hooked()
		d.left = 8800 * ms
		s := build(d)
		rep := s.analyze(t)
		if len(rep.Warnings) != 1 || rep.Warnings[0].Cause != report.ListenerClosedEarly {
			t.Errorf("%+v", rep.Warnings)
		}
	})
	t.Run("a failure lies at no time from SIGTERM", func(t *testing.T) {
		s := build(hooked()).request(request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		rep := s.analyze(t)
		if got, want := summary(rep), "failed; 1 listener-closed-early (likely) [web-1] between the beginning of the stop and the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		if rep.Findings[0].SinceSigterm != nil || rep.Failures[0].SinceSigterm != nil {
			t.Errorf("%+v, %+v after SIGTERM", rep.Findings[0].SinceSigterm, rep.Failures[0].SinceSigterm)
		}
		evidence := strings.Join(rep.Findings[0].Evidence, "\n")
		for _, want := range []string{"the last one sent at 12:00:07.000;", "SIGTERM between 12:00:06.250 and 12:00:09.560, exit code 0, out of the EndpointSlice at 12:00:06.220"} {
			if !strings.Contains(evidence, want) {
				t.Errorf("%q is not in\n%s", want, evidence)
			}
		}
	})
	t.Run("a hook of known length that takes a process bounds it", func(t *testing.T) {
		d := hooked()
		d.sleep = second
		s := build(d).request(request{sent: 8900 * ms, took: ms, connPod: "web-1", phase: recording.PhaseDial, class: recording.ClassRefused})
		rep := s.analyze(t)
		f := rep.Findings[0]
		if want := (report.Span{From: report.Duration(550 * ms), To: report.Duration(1650 * ms)}); f.SinceSigterm == nil || *f.SinceSigterm != want || rep.Failures[0].SinceSigterm != nil {
			t.Errorf("%+v, %+v after SIGTERM", f.SinceSigterm, rep.Failures[0].SinceSigterm)
		}
		const want = "the last one sent 550ms to 1.65s after SIGTERM; SIGTERM between 12:00:07.250 and 12:00:08.350, exit code 0 within 2.31s of it, out of the EndpointSlice 1.03s to 2.13s before SIGTERM"
		if evidence := strings.Join(f.Evidence, "\n"); !strings.Contains(evidence, want) {
			t.Errorf("%q is not in\n%s", want, evidence)
		}
	})
	t.Run("what lies within that is told by the clock", func(t *testing.T) {
		d := hooked()
		d.sleep = second
		s := build(d).request(request{sent: 8 * second, took: ms, connPod: "web-1", phase: recording.PhaseDial, class: recording.ClassRefused})
		const want = "the last one sent at 12:00:08.000;"
		if evidence := strings.Join(s.analyze(t).Findings[0].Evidence, "\n"); !strings.Contains(evidence, want) {
			t.Errorf("%q is not in\n%s", want, evidence)
		}
	})
	t.Run("its log places it", func(t *testing.T) {
		s := build(hooked())
		says(9250 * ms)(s)
		if drain := s.analyze(t).Terminations[0].Margins.Drain; drain == nil || *drain != report.Duration(2930*ms) {
			t.Errorf("drain margin %v", drain)
		}
	})
}

// The exit is known to the second only, and the grace that was left with it.
func TestAnExitNearTheEndOfTheGrace(t *testing.T) {
	near := "grace-too-short: web-1 exited less than 2s before the grace period ended"
	tests := []struct {
		name string
		with func(*death)
		want string
	}{
		{"near", func(d *death) { d.exited, d.gone = 9100*ms, 10*second }, near},
		{"not certainly", func(d *death) { d.exited, d.gone = 6990*ms, 10*second }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := lingering(0)
			d.grace = 3 * second
			tt.with(d)
			got := ""
			for _, w := range undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil)).analyze(t).Warnings {
				if w.Cause == report.GraceTooShort {
					got = string(w.Cause) + ": " + w.Text
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
