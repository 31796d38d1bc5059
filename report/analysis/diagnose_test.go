package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

const second = time.Second

// abrupt is a pod that leaves on SIGTERM at 6.25 s, the way a Go program without
// a handler does: deleted at 6.2 s, out of the slice at 6.22 s.
func abrupt() *death {
	return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 6260 * ms, gone: 7500 * ms, grace: 30 * second, code: 2}
}

// drained is one that leaves in good order, 4 s after SIGTERM.
func drained() *death {
	return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 10250 * ms, gone: 11500 * ms, grace: 30 * second, code: 0}
}

// killed is one that still works when its grace of 3 s ends.
func killed() *death {
	return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms, grace: 3 * second, code: 137}
}

// undisturbed lets all three pods answer until 6.25 s, and the others after.
func undisturbed(s *scenario) *scenario {
	return s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-2", "web-3").steady(12 * second)
}

func TestCauses(t *testing.T) {
	tests := []struct {
		name string
		with *death
		lost []request
		want string
	}{
		{
			"nothing lost", drained(), nil,
			"passed",
		},
		{
			"in flight on its own connection when it exits", abrupt(),
			[]request{{stream: "short-reused", sent: 6250 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"in flight on a fresh connection when it exits", abrupt(),
			[]request{{sent: 6250 * ms, took: 12 * ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"half an answer when it exits", abrupt(),
			[]request{{sent: 6250 * ms, took: 12 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200}},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"refused after the exit", abrupt(),
			[]request{{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 listener-closed-early (likely) [web-1] after the exit",
		},
		{
			"refused behind a proxy that accepts first", abrupt(),
			[]request{{sent: 7100 * ms, took: ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 listener-closed-early (likely) [web-1] after the exit",
		},
		{
			"into the void after the address is gone", abrupt(),
			[]request{{sent: 7100 * ms, took: 10 * second, phase: recording.PhaseFirstByte, class: recording.ClassTimeout}},
			"failed; 1 listener-closed-early (likely) [web-1] after the exit",
		},
		{
			"refused while it drains", drained(),
			[]request{{sent: 6900 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"a slow refusal behind a proxy is no request in flight", drained(),
			[]request{{sent: 6900 * ms, took: 30 * ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}},
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"refused at its own address", abrupt(),
			[]request{{sent: 6500 * ms, took: ms, connPod: "web-1", phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 listener-closed-early (certain) [web-1] after the exit",
		},
		{
			"a kept-alive connection closed while the pod drains", drained(),
			[]request{{stream: "short-reused", sent: 6900 * ms, took: ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassReset}},
			"failed; 1 keepalive-cut (certain) [web-1] between SIGTERM and exit",
		},
		{
			"taken along by the exit just as it came in", abrupt(),
			[]request{
				{stream: "short-reused", sent: 6262 * ms, took: 3 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassReset},
				// An answer that a proxy delivered a little later.
				{sent: 6250 * ms, took: 30 * ms, pod: "web-1"},
			},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"cut at the end of the grace", killed(),
			[]request{
				{sent: 6240 * ms, took: 3020 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF},
				{sent: 6800 * ms, took: 2460 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF},
			},
			"failed; 2 grace-too-short (likely) [web-1] at the exit",
		},
		{
			"a failure before anything ended explains nothing", abrupt(),
			[]request{{sent: 5500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"a failure long after", abrupt(),
			[]request{{sent: 29 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"a failure on a pod that lives is not another pod's", abrupt(),
			[]request{{stream: "short-reused", sent: 6270 * ms, took: ms, connPod: "web-2", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassReset}},
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"a wrong answer is not claimed", abrupt(),
			[]request{{sent: 6300 * ms, took: ms, pod: "web-2", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503}},
			"failed; 1 unknown () [] outside of any termination",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil)
			undisturbed(s)
			for _, r := range tt.lost {
				s.request(r)
			}
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTwoPodsAtOnce(t *testing.T) {
	other := abrupt()
	build := func() *scenario {
		s := newScenario().pod("web-1", abrupt()).pod("web-2", other).pod("web-3", nil)
		return s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
	}
	t.Run("times that fit both name both", func(t *testing.T) {
		s := build().request(request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		if got, want := summary(s.analyze(t)), "failed; 1 listener-closed-early (likely) [web-1 web-2] after the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("the connection's pod decides", func(t *testing.T) {
		s := build().request(request{stream: "short-reused", sent: 6250 * ms, took: 12 * ms, connPod: "web-2", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		if got, want := summary(s.analyze(t)), "failed; 1 no-drain (certain) [web-2] at the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("a pause that is usual tells nothing", func(t *testing.T) {
		// web-1 answered last 50 ms before web-2 did; it answers every 60 ms.
		s := build().request(request{sent: 6243 * ms, took: 20 * ms, pod: "web-2"}).
			request(request{sent: 6255 * ms, took: 10 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		if got, want := summary(s.analyze(t)), "failed; 1 no-drain (likely) [web-1 web-2] at the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("an answer that a proxy delivered late tells nothing", func(t *testing.T) {
		s := build().request(request{sent: 6263 * ms, took: 40 * ms, pod: "web-2"}).
			request(request{sent: 6250 * ms, took: 12 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		if got, want := summary(s.analyze(t)), "failed; 1 no-drain (likely) [web-1 web-2] at the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("the one that had long been silent was not cut", func(t *testing.T) {
		s := build()
		kept := s.samples[:0]
		for _, sample := range s.samples {
			if sample.Pod != "web-1" || sample.Scheduled.Before(after(5700*ms)) {
				kept = append(kept, sample)
			}
		}
		s.samples = kept
		s.request(request{sent: 6250 * ms, took: 12 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		if got, want := summary(s.analyze(t)), "failed; 1 no-drain (likely) [web-2] at the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("the one that went on answering was not cut", func(t *testing.T) {
		s := build().request(request{sent: 6400 * ms, took: 20 * ms, pod: "web-2"}).
			request(request{sent: 6250 * ms, took: 12 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		if got, want := summary(s.analyze(t)), "failed; 1 no-drain (likely) [web-1] at the exit"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
}

func TestTrafficShowsWhenAPodIsForgotten(t *testing.T) {
	// web-1 leaves at 6.22 s; web-2 a second later. From 6.6 s on a hundred
	// fresh connections succeed: a refusal at 7.3 s can only be web-2's.
	late := &death{deleted: 7200 * ms, left: 7220 * ms, killing: 7250 * ms, exited: 7260 * ms, gone: 8500 * ms, grace: 30 * second, code: 2}
	s := newScenario().pod("web-1", abrupt()).pod("web-2", late).pod("web-3", nil)
	s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").steady(12 * second)
	s.request(request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	for at := 6600 * ms; at < 7200*ms; at += 5 * ms {
		s.request(request{sent: at, pod: "web-3"})
	}
	s.request(request{sent: 7300 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	rep := s.analyze(t)
	if len(rep.Failures) != 2 {
		t.Fatalf("%d failures", len(rep.Failures))
	}
	for i, want := range []string{"web-1", "web-2"} {
		if got := rep.Failures[i].Pods; len(got) != 1 || got[0] != want {
			t.Errorf("failure %d is tied to %v, want %s", i, got, want)
		}
	}
}

func TestTheVoidOutlastsTheRotation(t *testing.T) {
	// Fresh connections succeed from 8.5 s on: the proxies have forgotten web-1.
	tests := []struct {
		name string
		lost request
		want string
	}{
		{
			"a refusal is not its doing any more",
			request{sent: 9500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused},
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"a hang may be",
			request{sent: 9500 * ms, took: 10 * second, phase: recording.PhaseDial, class: recording.ClassTimeout},
			"failed; 1 listener-closed-early (possible) [web-1] after the exit",
		},
		{
			"but not for long",
			request{sent: 12 * second, took: 10 * second, phase: recording.PhaseDial, class: recording.ClassTimeout},
			"failed; 1 unknown () [] outside of any termination",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil))
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestNoCapacity(t *testing.T) {
	s := newScenario().pod("web-1", abrupt())
	s.traffic(0, 6250*ms, "web-1").steady(12 * second)
	s.request(request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	rep := s.analyze(t)
	if got, want := summary(rep), "failed; 1 no-capacity (likely) [web-1] after the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if want := `{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}`; rep.Findings[0].Fix.Patch != want {
		t.Errorf("patch %s", rep.Findings[0].Fix.Patch)
	}
}

func TestFixesHoldTheMeasuredNumbers(t *testing.T) {
	t.Run("preStop sleep and the grace that it needs", func(t *testing.T) {
		d := abrupt()
		d.grace = 5 * second
		s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
		// 1.1 s after the kubelet's start, plus 2 s: 4 s.
		s.request(request{sent: 7350 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		want := `{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":4}}},"name":"app"}],"terminationGracePeriodSeconds":8}}}}`
		if got := s.analyze(t).Findings[0].Fix.Patch; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("an exec hook has to go", func(t *testing.T) {
		d := drained()
		d.preStop = recording.PreStopExec
		s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
		s.request(request{sent: 6900 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
		want := `{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":3}}},"name":"app"}]}}}}`
		fix := s.analyze(t).Findings[0].Fix
		if fix.Patch != want {
			t.Errorf("\n got %s\nwant %s", fix.Patch, want)
		}
		if want := "let it sleep for 3 s first instead"; !strings.Contains(fix.Text, want) {
			t.Errorf("%q is not in %q", want, fix.Text)
		}
	})
	t.Run("grace", func(t *testing.T) {
		s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil))
		s.request(request{sent: 8 * second, took: 5 * second, pod: "web-2"})
		s.request(request{sent: 6750 * ms, took: 2510 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		// Sent 0.5 s after the kubelet's start, 5 s long, plus 3 s: 9 s.
		want := `{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":9}}}}`
		if got := s.analyze(t).Findings[0].Fix.Patch; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
	t.Run("grace for a hook of unknown length", func(t *testing.T) {
		d := eaten()
		d.preStop, d.sleep, d.exited, d.gone = recording.PreStopExec, 0, 18200*ms, 19*second
		s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
		s.request(request{stream: "short-reused", sent: 16 * second, took: 2200 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		const want = "Set terminationGracePeriodSeconds to 16: up to 10s for the preStop hook, whose length is not known, at least 2.2s for the longest request (it was cut, and takes longer), and 3s to spare."
		if got := s.analyze(t).Findings[0].Fix.Text; !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	})
	t.Run("grace for requests on kept connections", func(t *testing.T) {
		s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil))
		s.request(request{stream: "short-reused", sent: 8250 * ms, took: 1010 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		// Sent 2 s after the kubelet's start, 1.01 s long, plus 3 s: 7 s.
		want := `{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":7}}}}`
		if got := s.analyze(t).Findings[0].Fix.Patch; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
}
