package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// eaten is one whose preStop hook leaves it a second of its grace of 10 s.
func eaten() *death {
	return &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 17300 * ms, gone: 18500 * ms,
		grace: 10 * second, code: 137, preStop: recording.PreStopSleep, sleep: 9 * second,
	}
}

// forced is one that is deleted without a grace: its object goes at once.
func forced() *death {
	return &death{deleted: 6200 * ms, left: 6220 * ms, grace: 0, own: 30 * second, vanishes: true, owner: "web-new"}
}

// hurried is one whose deletion overrode its own grace of 30 s.
func hurried() *death {
	d := killed()
	d.own = 30 * second
	return d
}

// evictedByNode is one that its kubelet ends for its node's sake.
func evictedByNode() *death {
	return &death{killing: 6250 * ms, left: 8000 * ms, exited: 7 * second, fails: true, grace: 30 * second, target: "TerminationByKubelet", owner: "web-new", code: 143}
}

// TestCausesOfPodsThatEnd holds the causes that TestCauses does not.
func TestCausesOfPodsThatEnd(t *testing.T) {
	// goesOn lets web-1 take new connections and serve the same kept-alive ones as
	// before after SIGTERM.
	goesOn := func(s *scenario) {
		s.request(request{sent: 6500 * ms, pod: "web-1"})
		for at := 6500 * ms; at < 9200*ms; at += 100 * ms {
			s.request(request{stream: "short-reused", sent: at, pod: "web-1", connPod: "web-1", served: 9, conn: 1})
		}
	}
	tests := []struct {
		name  string
		with  *death
		other func(*scenario)
		lost  []request
		want  string
	}{
		{
			"cut by the kill after it had served on", killed(), goesOn,
			[]request{{stream: "short-reused", sent: 9000 * ms, took: 260 * ms, connPod: "web-1", served: 30, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 sigterm-ignored (certain) [web-1] at the exit",
		},
		{
			"cut by the kill with its last answers on each connection given", killed(), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 6500 * ms, pod: "web-1", connPod: "web-1", served: 9, conn: 1})
				s.request(request{stream: "short-reused", sent: 6510 * ms, pod: "web-1", connPod: "web-1", served: 9, conn: 2})
			},
			[]request{{sent: 6500 * ms, took: 2760 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 grace-too-short (certain) [web-1] at the exit",
		},
		{
			"cut because the hook had used up the grace", eaten(), nil,
			[]request{{stream: "short-reused", sent: 15100 * ms, took: 2200 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 prestop-eats-grace (certain) [web-1] at the exit",
		},
		{
			"cut after a hook of unknown length that had outlasted the grace",
			&death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 18200 * ms, gone: 19 * second, grace: 10 * second, code: 137, preStop: recording.PreStopExec}, nil,
			[]request{{stream: "short-reused", sent: 16 * second, took: 2200 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 prestop-eats-grace (certain) [web-1] at the exit",
		},
		{
			"its own errors while it drains", drained(), nil,
			[]request{{sent: 6900 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503}},
			"failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit",
		},
		{
			"an error without a name while answers name their pods", drained(), nil,
			[]request{{sent: 6900 * ms, took: ms, phase: recording.PhaseDone, class: recording.ClassStatus, status: 503}},
			"failed; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit",
		},
		{
			"not found is no error of draining", drained(), nil,
			[]request{{sent: 6900 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 404}},
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"turned away by a forced delete", forced(), nil,
			[]request{{sent: 6700 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 killed (likely) [web-1] after the exit",
		},
		{
			"cut by a delete with less than its own grace", hurried(), nil,
			[]request{{sent: 6800 * ms, took: 2460 * ms, connPod: "web-1", served: 2, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 killed (certain) [web-1] at the exit",
		},
		{
			"cut by its kubelet", evictedByNode(), nil,
			[]request{{sent: 6900 * ms, took: 250 * ms, connPod: "web-1", served: 2, phase: recording.PhaseFirstByte, class: recording.ClassEOF}},
			"failed; 1 node (certain) [web-1] at the exit",
		},
		{
			"lost while the watch had a gap", drained(), func(s *scenario) {
				s.events = append(s.events, recording.Event{At: after(20 * second), Gap: &recording.Gap{Resource: "pods", From: after(18 * second), To: after(20 * second)}})
			},
			[]request{{sent: 19 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"inconclusive; 1 observation-gap () [] outside of any termination",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil)
			undisturbed(s)
			if tt.other != nil {
				tt.other(s)
			}
			for _, r := range tt.lost {
				s.request(r)
			}
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestCausesOfContainersThatEnd is about pods that go on.
func TestCausesOfContainersThatEnd(t *testing.T) {
	refusedAt := func(at time.Duration) request {
		return request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	}
	tests := []struct {
		name    string
		happens func(*scenario)
		lost    request
		want    string
		says    string
	}{
		{
			"turned away after a crash",
			func(s *scenario) { s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 3, Reason: "Error"}) },
			refusedAt(7600 * ms), "failed; 1 restarted (likely) [web-1] while its container was away", "exit code 3 (Error) by itself",
		},
		{
			"cut by a crash",
			func(s *scenario) { s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 3, Reason: "Error"}) },
			request{sent: 7080 * ms, took: 30 * ms, connPod: "web-1", served: 4, phase: recording.PhaseFirstByte, class: recording.ClassEOF},
			"failed; 1 restarted (certain) [web-1] while its container was away", "exit code 3",
		},
		{
			"out of memory",
			func(s *scenario) {
				s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 137, Reason: "OOMKilled"})
			},
			refusedAt(7600 * ms), "failed; 1 restarted (likely) [web-1] while its container was away", "OOMKilled) because it ran out of memory, its limit is 64Mi",
		},
		{
			"a liveness probe",
			func(s *scenario) {
				s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 0, Reason: "Completed"}).killing("web-1", 6900*ms)
			},
			refusedAt(7600 * ms), "failed; 1 restarted (likely) [web-1] while its container was away", "because its liveness probe had failed (2 attempts of 1s each, one every 1s)",
		},
		{
			"a signal of the run",
			func(s *scenario) {
				s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 137, Reason: "Error"}).asks("kill", "web-1", 7*second)
			},
			refusedAt(7600 * ms), "failed; 1 killed (likely) [web-1] while its container was away", "by the signal of this run",
		},
		{
			"held for long and cut at another moment than its exit",
			func(s *scenario) { s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 3, Reason: "Error"}) },
			request{sent: 7500 * ms, took: 1200 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF},
			"failed; 1 unknown () [] outside of any termination", "",
		},
		{
			"long after it is back",
			func(s *scenario) { s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 3, Reason: "Error"}) },
			refusedAt(20 * second), "failed; 1 unknown () [] outside of any termination", "",
		},
		{
			"on another pod's connection",
			func(s *scenario) { s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 3, Reason: "Error"}) },
			request{sent: 7080 * ms, took: 30 * ms, connPod: "web-2", served: 4, phase: recording.PhaseFirstByte, class: recording.ClassEOF},
			"failed; 1 unknown () [] outside of any termination", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", nil).pod("web-2", nil).pod("web-3", nil)
			tt.happens(s)
			s.traffic(0, 7100*ms, "web-1", "web-2", "web-3").traffic(9500*ms, 30*second, "web-1", "web-2", "web-3").steady(12 * second)
			rep := s.request(tt.lost).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if evidence := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(evidence, tt.says) {
				t.Errorf("%q is not in\n%s", tt.says, evidence)
			}
			if n := len(rep.Terminations); n != 1 {
				t.Errorf("%d terminations, want the container's", n)
			}
		})
	}
}

// A probe's decision whose consequence the watch did not see any more explains
// what is lost then.
func TestARestartThatIsStillUnderWay(t *testing.T) {
	s := newScenario().pod("web-1", nil).pod("web-2", nil).pod("web-3", nil).killing("web-1", 29*second)
	s.traffic(0, 29*second, "web-1", "web-2", "web-3").steady(28 * second)
	s.request(request{sent: 29500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	if got, want := summary(s.analyze(t)), "failed; 1 restarted (likely) [web-1] while its container was away"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A long request that begins in the baseline and is cut by what follows is no
// failure of the undisturbed service.
func TestALongRequestFromTheBaseline(t *testing.T) {
	s := newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil)
	undisturbed(s)
	s.request(request{sent: 4900 * ms, took: 4360 * ms, connPod: "web-1", served: 1, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	if got, want := summary(s.analyze(t)), "failed; 1 grace-too-short (certain) [web-1] at the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	s.request(request{sent: 4900 * ms, took: 4 * second, phase: recording.PhaseDone, class: recording.ClassStatus, status: 500})
	if got := s.analyze(t).Verdict; got != report.Inconclusive {
		t.Errorf("%s with an error that nothing explains, begun in the baseline", got)
	}
}

func TestNotReadyYet(t *testing.T) {
	refused := request{sent: 8 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	tests := []struct {
		name   string
		probed bool
		first  time.Duration // when web-4, called ready at 6 s, answers first
		lost   request
		want   string
	}{
		{"turned away before the first answer", false, 9 * second, refused, "failed; 1 not-ready-yet (likely) [web-4] before the first answer"},
		{"turned away after it", false, 7 * second, refused, "failed; 1 unknown () [] outside of any termination"},
		{"the probe had seen it answer", true, 9 * second, refused, "failed; 1 unknown () [] outside of any termination"},
		{
			"an error by which it names itself", true, 9 * second,
			request{sent: 8 * second, took: ms, pod: "web-4", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503},
			"failed; 1 not-ready-yet (certain) [web-4] before the first answer",
		},
		{
			"an error after its first answer", false, 7 * second,
			request{sent: 8 * second, took: ms, pod: "web-4", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503},
			"failed; 1 unknown () [] outside of any termination",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// web-1 is there to end, and does so long after.
			last := &death{deleted: 20 * second, left: 20020 * ms, killing: 20050 * ms, exited: 24 * second, gone: 25 * second, grace: 30 * second}
			s := newScenario().pod("web-1", last).pod("web-2", nil).pod("web-3", nil).newcomer("web-4", 6*second, tt.probed)
			s.traffic(0, tt.first, "web-1", "web-2", "web-3").traffic(tt.first, 20*second, "web-1", "web-2", "web-3", "web-4")
			s.traffic(22*second, 30*second, "web-2", "web-3", "web-4").steady(26 * second)
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A new pod that cannot answer yet must not lengthen the time in which an old
// one is taken to be in rotation.
func TestAStartIsNoOldPodsDoing(t *testing.T) {
	s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).newcomer("web-4", 6*second, false)
	s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6250*ms, 12*second, "web-2", "web-3").traffic(12*second, 30*second, "web-2", "web-3", "web-4").steady(26 * second)
	for at := 6500 * ms; at < 11*second; at += 250 * ms {
		s.request(request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	}
	if got, want := summary(s.analyze(t)), "failed; 18 not-ready-yet (likely) [web-4] before the first answer"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestNobodyReady(t *testing.T) {
	s := newScenario().pod("web-1", nil)
	s.traffic(0, 6*second, "web-1").traffic(9*second, 30*second, "web-1").steady(12 * second)
	s.setEndpoint(6*second, recording.Endpoint{Pod: "web-1", PodUID: "uid-web-1"})
	s.setEndpoint(8*second, recording.Endpoint{Pod: "web-1", PodUID: "uid-web-1", Ready: true, Serving: true})
	s.request(request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	if got, want := summary(s.analyze(t)), "failed; 1 no-capacity (possible) [] while no pod was ready"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
