package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// hookFails adds the kubelet's event of a hook that failed.
func (s *scenario) hookFails(pod, container string, at time.Duration) *scenario {
	s.events = append(s.events, recording.Event{At: after(at + 5*ms), Kube: &recording.KubeEvent{
		Reason: "FailedPreStopHook", Kind: "Pod", Object: pod, UID: "uid-" + pod, Container: container, Emitted: after(at), Precise: true, Message: "PreStopHook failed",
	}})
	return s
}

func TestAHookThatFails(t *testing.T) {
	// Its exit is in the second that begins at 14 s.
	slow := func(sleep time.Duration) *death {
		return &death{
			deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 14300 * ms, gone: 15 * second,
			grace: 30 * second, preStop: recording.PreStopExec, sleep: sleep,
		}
	}
	for name, tt := range map[string]struct {
		sleep     time.Duration
		container string
		at        time.Duration
		failed    bool
		// of SIGTERM
		from, to time.Duration
	}{
		"at once":                                {5 * second, "app", 6300 * ms, true, 6300 * ms, 6400 * ms},
		"at once, its length unknown":            {0, "app", 6300 * ms, true, 6300 * ms, 6400 * ms},
		"amid its sleep":                         {5 * second, "app", 9 * second, true, 9 * second, 9100 * ms},
		"before the exit, its length unknown":    {0, "app", 9 * second, true, 9 * second, 9100 * ms},
		"with the exit, and may have worked":     {0, "app", 14200 * ms, false, 14200 * ms, 14300 * ms},
		"after the exit, which took it along":    {0, "app", 15200 * ms, false, 6250 * ms, 14600 * ms},
		"another container's":                    {5 * second, "helper", 6300 * ms, false, 11250 * ms, 12350 * ms},
		"of nobody knows which":                  {5 * second, "", 6300 * ms, false, 11250 * ms, 12350 * ms},
		"that of a container that had restarted": {5 * second, "app", 3 * second, false, 11250 * ms, 12350 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			got := ends(newScenario().pod("web-1", slow(tt.sleep)).hookFails("web-1", tt.container, tt.at))[0]
			if got.PreStopFailed.Known() != tt.failed || got.PreStop != recording.PreStopExec {
				t.Errorf("failed: %v", got.PreStopFailed)
			}
			if tt.failed != (got.PreStopSleep == 0) && tt.sleep > 0 {
				t.Errorf("a sleep of %s", got.PreStopSleep)
			}
			if got.Sigterm.From.Sub(began) != tt.from || got.Sigterm.To.Sub(began) != tt.to {
				t.Errorf("SIGTERM in [%s, %s], want [%s, %s]", got.Sigterm.From.Sub(began), got.Sigterm.To.Sub(began), tt.from, tt.to)
			}
		})
	}
}

// A hook that is still running when the grace ends is given up, and fails by the kill.
func TestAHookThatIsGivenUp(t *testing.T) {
	d := &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 14300 * ms, gone: 15 * second,
		grace: 6 * second, code: 137, preStop: recording.PreStopExec,
	}
	got := ends(newScenario().pod("web-1", d).hookFails("web-1", "app", 14200*ms))[0]
	if got.PreStopFailed.Known() || got.Sigterm.From.Sub(began) != 6250*ms || got.Sigterm.To.Sub(began) != 12250*ms {
		t.Errorf("failed at %v, SIGTERM in [%s, %s]", got.PreStopFailed, got.Sigterm.From.Sub(began), got.Sigterm.To.Sub(began))
	}
}

func TestAFindingSaysThatTheHookFailed(t *testing.T) {
	d := drained()
	d.preStop, d.sleep = recording.PreStopExec, 5*second
	s := newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil).hookFails("web-1", "app", 6300*ms)
	undisturbed(s)
	s.request(request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	rep := s.analyze(t)
	if got := summary(rep); got != "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit" {
		t.Fatal(got)
	}
	if said := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(said, "with a preStop hook that failed at 12:00:06.300 (FailedPreStopHook)") {
		t.Error(said)
	}
	if fix := rep.Findings[0].Fix.Text; !strings.HasPrefix(fix, "Make the preStop hook run first: it failed") || !strings.Contains(fix, "preStop.sleep, which needs nothing of the image (Kubernetes 1.30") {
		t.Error(fix)
	}
	if drain := rep.Terminations[0].Margins.Drain; drain == nil || time.Duration(*drain) != 80*ms {
		t.Errorf("drain margin %v, want one without the sleep", drain)
	}
	if w := rep.Warnings; len(w) == 0 || !strings.HasPrefix(w[len(w)-1].Text, "web-1 had a preStop hook that failed") {
		t.Errorf("%v", w)
	}
}

// signalled is the pod with another stop signal.
func (s *scenario) signalled(pod, signal string) *scenario {
	for _, e := range s.events {
		if e.Pod != nil && e.Pod.Name == pod {
			for i := range e.Pod.Containers {
				e.Pod.Containers[i].StopSignal = signal
			}
		}
	}
	return s
}

func TestAnotherStopSignal(t *testing.T) {
	cut := request{sent: 6100 * ms, took: 200 * ms, connPod: "web-1", served: 2, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	late := request{stream: "short-reused", sent: 9000 * ms, took: 260 * ms, connPod: "web-1", served: 30, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	exits := func(on string) string { return "the pod exits on " + on + " while requests are still in flight" }
	gone := func(code int32) *death {
		return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 6300 * ms, gone: 7 * second, grace: 10 * second, code: code}
	}
	for name, tt := range map[string]struct {
		signal   string
		with     *death
		lost     request
		goesOn   bool
		cause    report.Cause
		says     string
		evidence string
		fix      string
	}{
		"SIGTERM by its name": {"SIGTERM", gone(143), cut, false, report.NoDrain, exits("SIGTERM"), "SIGTERM at", "Handle SIGTERM: answer"},
		"one that nobody can handle": {
			"SIGKILL", gone(137), cut, false, report.NoDrain, exits("SIGKILL"), "SIGKILL (its stop signal, instead of SIGTERM) at",
			"The pod gets SIGKILL instead of SIGTERM (lifecycle.stopSignal, or the image's STOPSIGNAL), which no program can handle: take that out. Handle SIGTERM: answer",
		},
		"one without a handler": {
			"SIGUSR1", gone(138), cut, false, report.NoDrain, exits("SIGUSR1"), "SIGUSR1 (its stop signal, instead of SIGTERM) at",
			"The pod gets SIGUSR1 instead of SIGTERM (lifecycle.stopSignal, or the image's STOPSIGNAL). Handle SIGUSR1: answer",
		},
		"one that it ignores": {
			"SIGUSR1", killed(), late, true, report.SigtermIgnored,
			"the pod goes on as if nothing had happened after SIGUSR1, until its grace period ends and it is killed", "SIGUSR1 (its stop signal, instead of SIGTERM) at", "Handle SIGUSR1 in the container's first process",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil).signalled("web-1", tt.signal)
			undisturbed(s)
			if tt.goesOn {
				s.request(request{sent: 6500 * ms, pod: "web-1"})
			}
			for at := 6500 * ms; tt.goesOn && at < 9200*ms; at += 100 * ms {
				s.request(request{stream: "short-reused", sent: at, pod: "web-1", connPod: "web-1", served: 9, conn: 1})
			}
			rep := s.request(tt.lost).analyze(t)
			if len(rep.Findings) != 1 || rep.Findings[0].Cause != tt.cause {
				t.Fatal(summary(rep))
			}
			if said := rep.Findings[0].Says; said != tt.says {
				t.Errorf("%q, want %q", said, tt.says)
			}
			if said := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(said, tt.evidence) {
				t.Error(said)
			}
			if !strings.Contains(rep.Findings[0].Fix.Text, tt.fix) {
				t.Error(rep.Findings[0].Fix.Text)
			}
		})
	}
}

// A finding of pods with different signals names none.
func TestOneFindingOfSeveralStopSignals(t *testing.T) {
	gone := func() *death {
		return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 6300 * ms, gone: 7 * second, grace: 10 * second, code: 138}
	}
	s := undisturbed(newScenario().pod("web-1", gone()).pod("web-2", nil).pod("web-3", nil).pod("web-4", gone()).signalled("web-1", "SIGUSR1"))
	for _, pod := range []string{"web-1", "web-4"} {
		s.request(request{sent: 6100 * ms, took: 200 * ms, connPod: pod, served: 2, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	}
	rep := s.analyze(t)
	if got := summary(rep); got != "failed; 2 no-drain (certain) [web-1 web-4] at the exit" {
		t.Fatal(got)
	}
	if got := rep.Findings[0].Says; got != "the pod exits on the stop signal while requests are still in flight" {
		t.Error(got)
	}
}

// The phase of a finding is a name that other tools read.
func TestAPhaseIsNamedTheSameForEachStopSignal(t *testing.T) {
	for _, signal := range []string{"", "SIGUSR1"} {
		s := undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).signalled("web-1", signal))
		s.request(request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		if got := summary(s.analyze(t)); got != "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit" {
			t.Errorf("%q: %s", signal, got)
		}
	}
}

func TestAWarningNamesTheStopSignal(t *testing.T) {
	atOnce := drained()
	atOnce.exited, atOnce.gone, atOnce.code = 6300*ms, 7*second, 137
	const early = " less than 1s after leaving the EndpointSlice, while proxies may still send requests: only a program that keeps accepting then is safe, or a preStop sleep"
	const ignored = ", or did not end after it: with nothing left to answer it had to be killed when the grace period ended. Which of the two is not known"
	for name, tt := range map[string]struct {
		signal string
		with   *death
		want   string
	}{
		"drained":                         {"SIGUSR1", drained(), "web-1 got SIGUSR1" + early},
		"gone by one that nobody handles": {"SIGKILL", atOnce, "web-1 got SIGKILL" + early + ". " + insteadOfSigterm("SIGKILL")},
		"ignored":                         {"SIGUSR1", killed(), "web-1 took no notice of SIGUSR1" + ignored},
		"halted by it":                    {"SIGSTOP", killed(), "web-1 took no notice of SIGSTOP" + ignored + ". " + insteadOfSigterm("SIGSTOP")},
	} {
		t.Run(name, func(t *testing.T) {
			rep := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil).signalled("web-1", tt.signal)).analyze(t)
			if rep.Verdict != report.Passed || len(rep.Warnings) != 1 || rep.Warnings[0].Text != tt.want {
				t.Errorf("%s, %+v, want %q", rep.Verdict, rep.Warnings, tt.want)
			}
		})
	}
}

func TestOneSignalOfSeveralEndings(t *testing.T) {
	ended := func(signals ...string) (all []*account) {
		for _, signal := range signals {
			all = append(all, &account{termination: &termination{ending: ending{Termination: report.Termination{StopSignal: signal}}}})
		}
		return all
	}
	for want, signals := range map[string][]string{"SIGTERM": {"", ""}, "SIGUSR1": {"SIGUSR1"}, "the stop signal": {"SIGUSR1", ""}} {
		if got := stopSignals(ended(signals...)); got != want {
			t.Errorf("%q: %s, want %s", signals, got, want)
		}
	}
}

// What tells a server to stop is its hook, where that does so itself: what is lost from that
// step on is lost to the pod, though the signal comes after its exit.
func TestAHookThatTellsTheServerToStop(t *testing.T) {
	quits := func(after time.Duration, exact bool) *death {
		return &death{
			deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 14300 * ms, gone: 15 * second,
			grace: 30 * second, preStop: recording.PreStopExec, quit: &recording.Quit{Command: "kill -QUIT 1", After: after, Exact: exact},
		}
	}
	for name, tt := range map[string]struct {
		with *death
		// fails is when the kubelet says that the hook failed.
		fails    time.Duration
		failed   bool
		from, to time.Duration
	}{
		"after a sleep":                            {quits(5*second, true), 0, false, 11250 * ms, 12350 * ms},
		"and ends with the server":                 {quits(5*second, true), 14200 * ms, false, 11250 * ms, 12350 * ms},
		"and fails later":                          {quits(5*second, true), 12 * second, false, 11250 * ms, 12350 * ms},
		"and fails before":                         {quits(5*second, true), 9 * second, true, 9 * second, 9100 * ms},
		"and fails at once":                        {quits(0, true), 6300 * ms, true, 6300 * ms, 6400 * ms},
		"after some time":                          {quits(5*second, false), 0, false, 11250 * ms, 14600 * ms},
		"after its grace, which gives the hook up": {quits(40*second, true), 0, false, 14600 * ms, 14600 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with)
			if tt.fails > 0 {
				s.hookFails("web-1", "app", tt.fails)
			}
			got := ends(s)[0]
			if got.PreStopFailed.Known() != tt.failed || (got.quit == nil) != tt.failed {
				t.Errorf("failed %v, told by %v", got.PreStopFailed, got.quit)
			}
			if got.Sigterm.From.Sub(began) != tt.from || got.Sigterm.To.Sub(began) != tt.to {
				t.Errorf("SIGTERM in [%s, %s], want [%s, %s]", got.Sigterm.From.Sub(began), got.Sigterm.To.Sub(began), tt.from, tt.to)
			}
		})
	}

	s := newScenario().pod("web-1", quits(5*second, true)).pod("web-2", nil).pod("web-3", nil).hookFails("web-1", "app", 14200*ms)
	undisturbed(s)
	s.request(request{stream: "short-reused", sent: 11300 * ms, took: ms, connPod: "web-1", served: 12, phase: recording.PhaseFirstByte, class: recording.ClassReset})
	rep := s.analyze(t)
	if got := summary(rep); got != "failed; 1 keepalive-cut (certain) [web-1] between SIGTERM and exit" {
		t.Fatal(got)
	}
	if said := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(said, "told to stop by its preStop hook (kill -QUIT 1) between 12:00:11.250 and") {
		t.Error(said)
	}
}
