package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// publishedUntilGone is a pod that its Service called ready until it was gone, 8 s after
// its deletion: a sleep of 5 s, and 3 s in which it took no new connections.
func publishedUntilGone() *death {
	return &death{
		deleted: 6200 * ms, killing: 6250 * ms, exited: 14300 * ms, left: 14400 * ms, gone: 14500 * ms, grace: 30 * second,
		preStop: recording.PreStopSleep, sleep: 5 * second, published: true,
	}
}

// refusing lets web-1 refuse new connections from a moment on.
func refusing(d *death) *scenario {
	s := newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil)
	s.traffic(0, 11250*ms, "web-1", "web-2", "web-3").traffic(11250*ms, 30*second, "web-2", "web-3").steady(20 * second)
	for at := 11300 * ms; at < 14*second; at += 300 * ms {
		s.request(request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	}
	return s
}

// A Service with publishNotReadyAddresses calls a pod ready until it is gone: it leaves
// the slice after its exit, however long it slept before SIGTERM (KEP-1672, the
// EndpointSlice conditions). A longer sleep moves the losses, and spares none.
func TestASleepDoesNotHelpWhereAPodIsCalledReadyUntilItIsGone(t *testing.T) {
	fix := fixOf(t, refusing(publishedUntilGone()).analyze(t), report.ListenerClosedEarly)
	if strings.Contains(fix.Text, "a preStop sleep of") || !strings.Contains(fix.Text, "publishNotReadyAddresses") || fix.Patch != "" || fix.Recipe != nil {
		t.Errorf("%+v", fix)
	}
}

// Of a pod that never leaves before it is gone there is no margin to tell, and preflight
// has warned of its Service.
func TestNoMarginWhereAPodIsCalledReadyUntilItIsGone(t *testing.T) {
	for published, want := range map[bool]int{false: 1, true: 0} {
		d := drained()
		d.published, d.left = published, map[bool]time.Duration{false: d.left, true: d.exited + 100*ms}[published]
		s := newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil)
		undisturbed(s)
		rep := s.analyze(t)
		if got := len(slices.DeleteFunc(rep.Warnings, func(w report.Warning) bool { return w.Cause != report.ListenerClosedEarly })); got != want {
			t.Errorf("%t: %d warnings in %+v", published, got, rep.Warnings)
		}
	}
}

// A control plane that is late takes the pod out as late, but never calls it ready once
// it calls it terminating: there a longer sleep does help.
func TestASleepHelpsWhereTheSlicesAreLate(t *testing.T) {
	late := publishedUntilGone()
	late.published = false
	fix := fixOf(t, refusing(late).analyze(t), report.ListenerClosedEarly)
	if !strings.Contains(fix.Text, "a preStop sleep of") || strings.Contains(fix.Text, "publishNotReadyAddresses") || fix.Patch == "" {
		t.Errorf("%+v", fix)
	}
}

// What is cut at SIGTERM needs its drain all the same; the sleep that goes with it is
// measured once the Service is another.
func TestADrainIsNeededWhereAPodIsCalledReadyUntilItIsGone(t *testing.T) {
	s := newScenario().pod("web-1", publishedUntilGone()).pod("web-2", nil).pod("web-3", nil)
	undisturbed(s)
	s.request(request{sent: 13 * second, took: 1300 * ms, pod: "", connPod: "web-1", served: 3, stream: "short-reused", phase: recording.PhaseBody, class: recording.ClassEOF})
	fix := fixOf(t, s.analyze(t), report.NoDrain)
	if !strings.Contains(fix.Text, "publishNotReadyAddresses") || !strings.Contains(fix.Text, "answer what is in flight") || fix.Patch != "" {
		t.Errorf("%+v", fix)
	}
}

// What ending pods lose through the setting confirms lint's rule on it, whose own cause is
// what new pods lose, also where no pod started. That they end while they stay listed is an
// occasion for it; where they leave the slices before, and no pod starts, there is none.
func TestEndingPodsShowWhatTheRuleOnPublishedAddressesSays(t *testing.T) {
	for name, tt := range map[string]struct {
		published, lost bool
		shownBy         recording.Occasion
		want            report.LintOutcome
	}{
		"they stay listed, and lose requests": {true, true, recording.ListedNotReady, report.LintConfirmed},
		"an older recording":                  {true, true, recording.PodStarts, report.LintConfirmed},
		"they stay listed, and lose none":     {true, false, recording.ListedNotReady, report.LintNotMet},
		"they leave, and lose requests":       {false, true, recording.ListedNotReady, report.LintNotTried},
		"they leave, and lose none":           {false, false, recording.ListedNotReady, report.LintNotTried},
	} {
		t.Run(name, func(t *testing.T) {
			d := publishedUntilGone()
			d.published = tt.published
			s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
			if tt.lost {
				s = refusing(d)
			}
			s.header.Lint = &recording.Lint{Findings: []recording.LintFinding{{
				Rule: publishesNotReady, Severity: "warning", Cause: string(report.NotReadyYet), Object: "service/web", Why: "Why.", ShownBy: tt.shownBy,
			}}}
			rep := s.analyze(t)
			if got := rep.Lint.Findings[0].Outcome; got != tt.want {
				t.Errorf("the outcome is %s, want %s\n%s", got, tt.want, summary(rep))
			}
			if (len(rep.Findings) > 0) != tt.lost {
				t.Error(summary(rep))
			}
			for _, f := range rep.Findings {
				if f.StayedListed != tt.published || slices.Contains(f.Foreseen, publishesNotReady) != tt.published {
					t.Errorf("%s stayed listed: %t, was foreseen by %q", f.Cause, f.StayedListed, f.Foreseen)
				}
			}
		})
	}
}

// A pod that the slice calls ready before it is Ready is sent requests, whatever its
// probe says.
func TestANewPodThatIsCalledReadyBeforeItIs(t *testing.T) {
	s := newScenario().pod("web-1", nil).pod("web-2", nil).pod("web-3", nil).newcomer("web-4", 6*second, true)
	s.setEndpoint(6005*ms, recording.Endpoint{Pod: "web-4", PodUID: "uid-web-4", Ready: true})
	s.traffic(0, 10*second, "web-1", "web-2", "web-3").traffic(10*second, 30*second, "web-1", "web-2", "web-3", "web-4").steady(20 * second)
	for at := 6100 * ms; at < 10*second; at += 100 * ms {
		s.request(request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	}
	fix := fixOf(t, s.analyze(t), report.NotReadyYet)
	if !strings.Contains(fix.Text, "publishNotReadyAddresses") || strings.Contains(fix.Text, "Let the readiness probe") {
		t.Errorf("%+v", fix)
	}
}
