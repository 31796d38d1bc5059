package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// waiting is a container that sleeps before its SIGTERM.
func waiting(c recording.Container, sleep time.Duration) recording.Container {
	c.PreStop, c.PreStopSleep = recording.PreStopSleep, sleep
	return c
}

// gatewayPod is a scenario whose pod web-1 ends, made of a gateway at port 80 and others.
func gatewayPod(containers ...recording.Container) *scenario {
	s := newScenario().pod("web-1", &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second,
		preStop: recording.PreStopSleep, sleep: 5 * second,
	}).pod("web-2", nil).pod("web-3", nil).made("web-1", containers...)
	s.header.Workload.TargetPorts = []string{"80"}
	return s
}

// A web server or a mesh's proxy in the pod answers 502 or 503 by itself, and names no
// pod, from when the program behind it in the same pod stops listening. That program is
// told to stop as soon as its own hook is over, which may be long before the one that
// serves is: right at the pod's deletion where it has no hook, and for a native sidecar
// always.
func TestAProxyInThePodAnswersForTheProgramBehindIt(t *testing.T) {
	front, behind := waiting(listening("front", 80, 0, 11*second), 5*second), listening("behind", 9000, 0, 6*second)
	mesh, app := listening("mesh", 80, 0, 11*second), listening("app", 9000, 0, 10*second)
	mesh.Sidecar = true
	// Before the one that serves is told to stop.
	atOnce := answered(request{sent: 7200 * ms, took: ms}, 502)
	for name, tt := range map[string]struct {
		lost       request
		containers []recording.Container
		want       string
	}{
		"the program behind it ends first, on a kept connection": {onKept(atOnce, "web-1"), []recording.Container{front, behind}, "failed; 1 errors-while-draining (certain) [web-1] before SIGTERM"},
		"the program behind it ends first, on a new one":         {atOnce, []recording.Container{front, behind}, "failed; 1 errors-while-draining (possible) [web-1] before SIGTERM"},
		"a native sidecar, on a kept connection":                 {onKept(atOnce, "web-1"), []recording.Container{mesh, app}, "failed; 1 errors-while-draining (certain) [web-1] before SIGTERM"},
		"a native sidecar, on a new connection":                  {atOnce, []recording.Container{mesh, app}, "failed; 1 errors-while-draining (possible) [web-1] before SIGTERM"},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(gatewayPod(tt.containers...))
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A native sidecar may have been told to stop at any time from the main containers' exit
// on. What only gateways answer is for the program all the same, where nothing in front of
// the pods can have given it.
func TestASidecarsAnswersForAProgramThatIsGone(t *testing.T) {
	mesh, app := listening("mesh", 80, 0, 11*second), listening("app", 9000, 0, 10*second)
	mesh.Sidecar = true
	lost := request{sent: 10600 * ms, took: ms}
	for name, tt := range map[string]struct {
		straight bool
		lost     request
		want     string
	}{
		"502, where the URL leads straight to the pods": {true, answered(lost, 502), "failed; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit"},
		"502, where something may stand in front":       {false, answered(lost, 502), "failed; 1 listener-closed-early (possible) [web-1] between SIGTERM and exit"},
		"503, which the sidecar may say of itself":      {true, answered(lost, 503), "failed; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", &death{
				deleted: 6200 * ms, left: 6900 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second,
			}).pod("web-2", nil).pod("web-3", nil).made("web-1", mesh, app).unnamed(0, 30*second).steady(16 * second)
			s.header.Workload.TargetPorts, s.header.Workload.ServesURL = []string{"80"}, tt.straight
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What else may have given an answer as gateways do is not laid to the pod's own gateway.
func TestAnswersThatAreNotForTheProgramBehind(t *testing.T) {
	const unknown = "failed; 1 unknown () [] outside of any termination"
	const own = "failed; 1 errors-while-draining"
	front, behind := waiting(listening("front", 80, 0, 11*second), 5*second), listening("behind", 9000, 0, 6*second)
	drains := waiting(listening("front", 80, 0, 15*second), 5*second)
	lost := request{sent: 7200 * ms, took: ms}
	later := request{sent: 12500 * ms, took: ms}
	directly := func(s *scenario) { undisturbed(s) }
	onlyNew := func(s *scenario) {
		for n, at := 0, time.Duration(0); at < 30*second; n, at = n+1, at+10*ms {
			s.request(request{sent: at, pod: []string{"web-1", "web-2", "web-3"}[min(n%3, 2)]})
			if at > 6250*ms {
				s.samples[len(s.samples)-1].Pod = "web-2"
			}
		}
		s.steady(16 * second)
	}
	byProxy := func(s *scenario) {
		s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(6250*ms, 30*second, "web-2", "web-3").steady(16 * second)
	}
	tests := []struct {
		name       string
		traffic    func(*scenario)
		containers []recording.Container
		before     []request
		lost       request
		want       string
	}{
		{"the program's", directly, []recording.Container{front, behind}, nil, answered(lost, 502), own + " (possible) [web-1] before SIGTERM"},
		{"the program's, from the first of its end on", directly, []recording.Container{front, behind}, nil, answered(onKept(request{sent: 6300 * ms, took: ms}, "web-1"), 503), own + " (certain) [web-1] before SIGTERM"},
		{"the program's, where only new connections are made", onlyNew, []recording.Container{front, behind}, nil, answered(lost, 503), own + " (possible) [web-1] before SIGTERM"},
		{"a program's own error", directly, []recording.Container{front, behind}, nil, answered(onKept(lost, "web-1"), 500), unknown},
		{"no other container", directly, []recording.Container{front}, nil, answered(onKept(lost, "web-1"), 502), unknown},
		{"it is not known which one serves", directly, []recording.Container{waiting(listening("front", 0, 0, 11*second), 5*second), waiting(behind, 5*second)}, nil, answered(onKept(lost, "web-1"), 502), unknown},
		{"the other one sleeps as long", directly, []recording.Container{front, waiting(listening("behind", 9000, 0, 11*second), 5*second)}, nil, answered(onKept(lost, "web-1"), 502), unknown},
		{"a sidecar is told to stop after the one that serves", directly, []recording.Container{front, {Name: "log", Sidecar: true}}, nil, answered(onKept(lost, "web-1"), 502), unknown},
		{"before the pod's end", directly, []recording.Container{front, behind}, nil, answered(onKept(request{sent: 5500 * ms, took: ms}, "web-1"), 502), unknown},
		{"after the exit", directly, []recording.Container{front, behind}, nil, answered(request{sent: 13 * second, took: ms}, 502), unknown},
		{"a pod that stays", directly, []recording.Container{front, behind}, nil, answered(onKept(lost, "web-2"), 502), unknown},
		{"504 to what had waited before", directly, []recording.Container{front, behind}, nil, answered(onKept(request{sent: 5500 * ms, took: 2 * second}, "web-1"), 504), unknown},
		{"the pod answered after the other's exit", directly, []recording.Container{front, behind}, []request{{sent: 8 * second, pod: "web-1"}}, answered(onKept(lost, "web-1"), 502), unknown},
		{"what stands in front may say that the door is closed", onlyNew, []recording.Container{drains, behind}, nil, answered(later, 503), "failed; 1 listener-closed-early (possible) [web-1] between SIGTERM and exit"},
		{"a proxy in front, before SIGTERM", byProxy, []recording.Container{drains, behind}, nil, answered(lost, 503), own + " (possible) [web-1] before SIGTERM"},
		{"a proxy in front, after SIGTERM", byProxy, []recording.Container{drains, behind}, nil, answered(later, 503), "failed; 1 listener-closed-early (possible) [web-1] between SIGTERM and exit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := gatewayPod(tt.containers...)
			tt.traffic(s)
			for _, r := range tt.before {
				s.request(r)
			}
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A server that answers so for reasons of its own does it whether a pod ends or not.
func TestGatewayErrorsAtOtherTimes(t *testing.T) {
	for name, other := range map[string]request{
		"in the baseline":         answered(request{sent: 2 * second, took: ms}, 502),
		"long after the pod":      answered(request{sent: 25 * second, took: ms}, 502),
		"by a pod that goes on":   answered(onKept(request{sent: 7500 * ms, took: ms}, "web-2"), 502),
		"by the pod, before that": answered(onKept(request{sent: 4 * second, took: ms}, "web-1"), 502),
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(gatewayPod(waiting(listening("front", 80, 0, 11*second), 5*second), listening("log", 0, 0, 6*second)))
			s.request(other).request(answered(onKept(request{sent: 7200 * ms, took: ms}, "web-1"), 502))
			rep := s.analyze(t)
			for _, f := range rep.Findings {
				if f.Cause != report.Unknown {
					t.Error(summary(rep))
				}
			}
		})
	}
}

// What such errors were before its SIGTERM they are after it, too.
func TestAGatewayGoesOnAnsweringAfterItsOwnSIGTERM(t *testing.T) {
	s := gatewayPod(waiting(listening("front", 80, 0, 15*second), 5*second), listening("behind", 9000, 0, 6*second))
	for at := time.Duration(0); at < 30*second; at += 10 * ms {
		s.request(request{sent: at, pod: "web-2"})
	}
	s.steady(16 * second)
	s.request(answered(request{sent: 7200 * ms, took: ms}, 503)).request(answered(request{sent: 12500 * ms, took: ms}, 503))
	s.request(answered(request{sent: 16500 * ms, took: ms}, 503))
	rep := s.analyze(t)
	if got, want := summary(rep), "failed; 1 errors-while-draining (possible) [web-1] before SIGTERM; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit; "+
		"1 listener-closed-early (possible) [web-1] after the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A proxy in front that has no pod to send to says so as well.
func TestAGatewayWithoutAnyPod(t *testing.T) {
	s := newScenario().pod("web-1", &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second,
		preStop: recording.PreStopSleep, sleep: 5 * second,
	}).made("web-1", waiting(listening("front", 80, 0, 11*second), 5*second), listening("log", 0, 0, 6*second))
	s.header.Workload.TargetPorts = []string{"80"}
	for at := time.Duration(0); at < 6250*ms; at += 10 * ms {
		s.request(request{sent: at, pod: "web-1"})
	}
	s.steady(16 * second).request(answered(request{sent: 9 * second, took: ms}, 503))
	if got, want := summary(s.analyze(t)), "1 no-capacity (possible) [] while no pod was ready"; !strings.Contains(got, want) {
		t.Errorf("%s does not tell of\n%s", got, want)
	}
}

// A proxy in front that is late to forget a pod that is gone says so at a time at which
// another one, with a helper that stops early, waits for its SIGTERM.
func TestAProxyInFrontMayBeLateForAnotherPod(t *testing.T) {
	gone := abrupt()
	s := newScenario().pod("web-1", &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second,
		preStop: recording.PreStopSleep, sleep: 5 * second,
	}).pod("web-2", gone).pod("web-3", nil)
	s.made("web-1", waiting(listening("front", 80, 0, 11*second), 5*second), listening("log", 0, 0, 6*second)).made("web-2", listening("front", 80, 2, gone.exited))
	s.header.Workload.TargetPorts = []string{"80"}
	s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(6260*ms, 30*second, "web-3").steady(16 * second)
	s.request(answered(request{sent: 10 * second, took: ms}, 503))
	if got, want := summary(s.analyze(t)), "failed; 1 listener-closed-early (possible) [web-2] after the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// The fix is for the program behind, although the losses are not sure.
func TestTheProgramBehindAGatewayIsMended(t *testing.T) {
	mesh, app := listening("mesh", 80, 0, 11*second), listening("app", 9000, 0, 11*second)
	mesh.Sidecar = true
	for name, tt := range map[string]struct {
		containers []recording.Container
		fix, patch string
		said       string
	}{
		"a native sidecar, both gone in one second": {
			[]recording.Container{mesh, app},
			"Container app had ended before mesh, which takes the requests. As a native sidecar mesh outlives it, however long it sleeps, and requests go on coming on the connections that clients keep to mesh: let a preStop hook of mesh wait",
			`{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":5}}},"name":"app"}]}}}}`, "container app had ended before it, at 12:00:11.000 with exit code 0",
		},
		"one that slept for too short a time": {
			[]recording.Container{mesh, waiting(app, 4*second)},
			"Container app had ended before mesh",
			`{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":7}}},"name":"app"}]}}}}`, "container app had ended before it",
		},
		"one that was only told to stop, before another": {
			[]recording.Container{waiting(listening("front", 80, 0, 11*second), 5*second), waiting(listening("log", 0, 0, 12*second), 3*second), listening("behind", 9000, 0, 12*second)},
			"Container behind had been told to stop before front, which takes the requests and answers in its place: let it end last. Make behind a native sidecar",
			`{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":8}}},"name":"behind"}]}}}}`, "container behind may have been told to stop from 12:00:06.250 on",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := gatewayPod(tt.containers...)
			for at := time.Duration(0); at < 30*second; at += 10 * ms {
				s.request(request{sent: at, pod: "web-2"})
			}
			rep := s.steady(16 * second).request(answered(request{sent: 10500 * ms, took: ms}, 503)).analyze(t)
			if got := summary(rep); got != "failed; 1 errors-while-draining (possible) [web-1] before SIGTERM" {
				t.Fatal(got)
			}
			fix, said := rep.Findings[0].Fix, strings.Join(rep.Findings[0].Evidence, "\n")
			if !strings.HasPrefix(fix.Text, tt.fix) || fix.Patch != tt.patch {
				t.Errorf("%s\n%s", fix.Text, fix.Patch)
			}
			if !strings.Contains(said, tt.said) || !strings.Contains(said, "when another container of a pod had been told to stop") || strings.Contains(said, "in front of the pods") {
				t.Error(said)
			}
		})
	}
}
