package analysis

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// byProxy lets the pods answer as behind a layer-7 proxy: on the client's kept
// connections one pod after the other.
func (s *scenario) byProxy(from, to time.Duration, pods ...string) *scenario {
	for n, at := 0, from; at < to; n, at = n+1, at+20*ms {
		s.request(request{sent: at, pod: pods[n%len(pods)]})
		s.request(request{stream: "short-reused", sent: at + 10*ms, conn: 1, pod: pods[n%len(pods)], connPod: pods[(n+1)%len(pods)], served: 7})
	}
	return s
}

// unnamed lets answers come that name no pod.
func (s *scenario) unnamed(from, to time.Duration) *scenario {
	for at := from; at < to; at += 20 * ms {
		s.request(request{sent: at})
		s.request(request{stream: "short-reused", sent: at + 10*ms, served: 7})
	}
	return s
}

// answered is a complete answer of a status that was not expected.
func answered(r request, status int) request {
	r.phase, r.class, r.status = recording.PhaseDone, recording.ClassStatus, status
	return r
}

func onKept(r request, pod string) request {
	r.stream, r.connPod, r.served = "short-reused", pod, 3
	return r
}

func TestBehindALayer7Proxy(t *testing.T) {
	atExit := request{sent: 6246 * ms, took: 15 * ms}
	afterExit := request{sent: 6500 * ms, took: 3 * ms}
	broken := func(r request) request {
		r.phase, r.class = recording.PhaseFirstByte, recording.ClassEOF
		return r
	}
	tests := []struct {
		name string
		with *death
		lost request
		want string
	}{
		{"502 under way at the exit", abrupt(), answered(onKept(atExit, "web-2"), 502), "failed; 1 no-drain (likely) [web-1] at the exit"},
		{"502 by a gateway that may have reached nobody", abrupt(), answered(request{sent: 6500 * ms, took: 8 * ms}, 502), "failed; 1 no-drain (possible) [web-1] at the exit"},
		{"503 likewise, on a kept connection", abrupt(), answered(onKept(request{sent: 6500 * ms, took: 40 * ms}, "web-2"), 503), "failed; 1 no-drain (possible) [web-1] at the exit"},
		{"503 at once after it", abrupt(), answered(onKept(afterExit, "web-2"), 503), "failed; 1 listener-closed-early (likely) [web-1] after the exit"},
		{"502 on a connection of its own", abrupt(), answered(afterExit, 502), "failed; 1 listener-closed-early (likely) [web-1] after the exit"},
		{"504 after it", abrupt(), answered(request{sent: 6500 * ms, took: 5 * second}, 504), "failed; 1 listener-closed-early (likely) [web-1] after the exit"},
		// HAProxy closes a client's kept connection without an answer where the
		// pod's own was cut.
		{"no answer at the exit, from who answered before", abrupt(), broken(onKept(atExit, "web-1")), "failed; 1 no-drain (likely) [web-1] at the exit"},
		{"no answer at the exit, on another's connection", abrupt(), broken(onKept(atExit, "web-2")), "failed; 1 no-drain (likely) [web-1] at the exit"},
		{"no answer at once, while the pod drains", drained(), broken(onKept(request{sent: 6900 * ms, took: ms}, "web-1")), "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"},
		{"tried for seconds while the pod drains", drained(), answered(request{sent: 6900 * ms, took: 3400 * ms}, 503), "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"},
		{"tried for a second while the pod drains", drained(), answered(request{sent: 6900 * ms, took: second}, 503), "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"},
		{"sent before SIGTERM and cut by the exit", drained(), answered(request{sent: 6100 * ms, took: 4150 * ms}, 502), "failed; 1 no-drain (likely) [web-1] at the exit"},
		{"504 by the proxy's own time at the exit", drained(), answered(request{sent: 6100 * ms, took: 4150 * ms}, 504), "failed; 1 unknown () [] outside of any termination"},
		{"cut at the end of the grace", killed(), answered(request{sent: 6100 * ms, took: 3160 * ms}, 502), "failed; 1 grace-too-short (likely) [web-1] at the exit"},
		{"a proxy that is late to forget", abrupt(), answered(request{sent: 20 * second, took: 3 * ms}, 503), "failed; 1 listener-closed-early (possible) [web-1] after the exit"},
		{"too late for any", abrupt(), answered(request{sent: 38 * second, took: 3 * ms}, 503), "failed; 1 unknown () [] outside of any termination"},
		{"before anything ended", abrupt(), answered(request{sent: 5500 * ms, took: 3 * ms}, 502), "failed; 1 unknown () [] outside of any termination"},
		{"the proxy itself refuses", abrupt(), request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}, "failed; 1 listener-closed-early (possible) [web-1] after the exit"},
		{"half an answer that names its pod", abrupt(), request{sent: 6246 * ms, took: 15 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200}, "failed; 1 no-drain (certain) [web-1] at the exit"},
		{"half an answer of a pod that drained", drained(), request{sent: 6900 * ms, took: 3360 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200}, "failed; 1 no-drain (certain) [web-1] at the exit"},
		{"half an answer of a pod that drains", drained(), request{sent: 6900 * ms, took: 500 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200}, "failed; 1 no-drain (likely) [web-1] between SIGTERM and exit"},
		{"an error that names its pod", drained(), answered(request{sent: 6900 * ms, took: ms, pod: "web-1"}, 503), "failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit"},
		{"an error that names another", abrupt(), answered(request{sent: 6500 * ms, took: ms, pod: "web-2"}, 503), "failed; 1 unknown () [] outside of any termination"},
		{"an error that is no gateway's", abrupt(), answered(onKept(afterExit, "web-2"), 500), "failed; 1 unknown () [] outside of any termination"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil)
			s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(8500*ms, 30*second, "web-2", "web-3").steady(12 * second)
			rep := s.request(tt.lost).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			told := strings.Contains(strings.Join(rep.Findings[0].Evidence, "; "), "or the gateway reached nobody (listener-closed-early), is not known")
			if either := strings.HasPrefix(tt.want, "failed; 1 no-drain (possible)"); told != either {
				t.Errorf("%q", rep.Findings[0].Evidence)
			}
			if !warned(rep, "a layer-7 proxy stands in front of the pods") {
				t.Errorf("no warning of the proxy: %v", rep.Warnings)
			}
		})
	}
}

// A gateway's answer that may tell of either has both causes in its evidence, each that of the
// end which lost it, also where it is not known to be a gateway's.
func TestEvidenceNamesBothCausesOfAGatewaysAnswer(t *testing.T) {
	const either = "whether the pod had the request and cut it (%s), or the gateway reached nobody (listener-closed-early), is not known"
	for name, tt := range map[string]struct {
		with  *death
		lost  request
		proxy bool
		cause report.Cause
	}{
		"of one that exits":             {abrupt(), answered(request{sent: 6500 * ms, took: 8 * ms}, 502), true, report.NoDrain},
		"of one that is killed":         {killed(), answered(request{sent: 9100 * ms, took: 8 * ms}, 502), true, report.GraceTooShort},
		"503, whose giver is not known": {abrupt(), answered(request{sent: 6500 * ms, took: 40 * ms}, 503), false, report.NoDrain},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil).steady(12 * second)
			if tt.proxy {
				s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(8500*ms, 30*second, "web-2", "web-3")
			} else {
				s.unnamed(0, 30*second)
			}
			rep := s.request(tt.lost).analyze(t)
			f := rep.Findings[0]
			if said := strings.Join(f.Evidence, "\n"); f.Cause != tt.cause || f.Confidence != report.Possible || !strings.Contains(said, fmt.Sprintf(either, tt.cause)) {
				t.Errorf("%s\n%s", summary(rep), said)
			}
		})
	}
}

func warned(rep *report.Report, of string) bool {
	for _, w := range rep.Warnings {
		if strings.Contains(w.Text, of) {
			return true
		}
	}
	return false
}

// The last to answer on a client's connection is not the one to whom the proxy sends
// the next request, however well its times fit.
func TestAProxysConnectionDecidesNothing(t *testing.T) {
	s := newScenario().pod("web-1", abrupt()).pod("web-2", abrupt()).pod("web-3", nil)
	s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(8500*ms, 30*second, "web-3").steady(12 * second)
	s.request(onKept(request{sent: 6246 * ms, took: 15 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}, "web-2"))
	rep := s.analyze(t)
	if got, want := summary(rep), "failed; 1 no-drain (likely) [web-1 web-2] at the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := strings.Join(rep.Findings[0].Evidence, "\n"), "1 request came by way of a layer-7 proxy"; !strings.Contains(got, want) {
		t.Errorf("%q is not in the evidence:\n%s", want, got)
	}
}

func TestNobodyBehindTheProxy(t *testing.T) {
	for name, lost := range map[string]request{
		"at once":      answered(request{sent: 7 * second, took: ms}, 503),
		"from a queue": answered(request{sent: 7 * second, took: 800 * ms}, 503),
		"hung":         answered(request{sent: 7 * second, took: 5 * second}, 504),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", abrupt())
			s.header.Check.Target.Proxy = true
			s.traffic(0, 6250*ms, "web-1").steady(12 * second)
			rep := s.request(lost).analyze(t)
			if got, want := summary(rep), "failed; 1 no-capacity (likely) [web-1] after the exit"; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if !warned(rep, "the check says that a layer-7 proxy") {
				t.Errorf("no warning of the proxy: %v", rep.Warnings)
			}
		})
	}
}

// Nor was anybody, though no pod ended.
func TestAGatewayThatFindsNobodyReady(t *testing.T) {
	s := newScenario().pod("web-1", nil)
	s.unnamed(0, 6*second).unnamed(9*second, 30*second).steady(12 * second)
	s.setEndpoint(6*second, recording.Endpoint{Pod: "web-1", PodUID: "uid-web-1"})
	s.setEndpoint(8*second, recording.Endpoint{Pod: "web-1", PodUID: "uid-web-1", Ready: true, Serving: true})
	s.request(answered(request{sent: 7 * second, took: 800 * ms}, 503))
	s.request(answered(request{sent: 7 * second, took: ms}, 500))
	if got, want := summary(s.analyze(t)), "failed; 1 no-capacity (possible) [] while no pod was ready; 1 unknown () [] outside of any termination"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// What the check tells holds without any name.
func TestAProxyThatTheCheckTellsOf(t *testing.T) {
	cut := onKept(request{sent: 6900 * ms, took: ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}, "")
	for told, want := range map[bool]string{
		true:  "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		false: "failed; 1 keepalive-cut (likely) [web-1] between SIGTERM and exit",
	} {
		s := newScenario().pod("web-1", drained()).pod("web-2", nil).unnamed(0, 30*second).steady(12 * second)
		s.header.Check.Target.Proxy = told
		if got := summary(s.request(cut).analyze(t)); got != want {
			t.Errorf("told: %t\n got %s\nwant %s", told, got, want)
		}
	}
	// A service that selects other pods tells the same.
	s := newScenario().pod("web-1", drained()).pod("web-2", nil).unnamed(0, 30*second).steady(12 * second)
	s.header.Workload.ForeignServices = []string{"proxy"}
	if got, want := summary(s.request(cut).analyze(t)), "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	// Neither does the address name a pod.
	cut.address = "10.0.0.1:8080"
	s = newScenario().pod("web-1", drained()).pod("web-2", nil).unnamed(0, 30*second).steady(12 * second)
	s.header.Check.Target.Proxy = true
	if got, want := summary(s.request(cut).analyze(t)), "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A proxy that buffers passes a cut on later than it was, or earlier than others are.
func TestAProxysCutIsNotTheMomentOfTheExit(t *testing.T) {
	s := newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil)
	s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(8500*ms, 30*second, "web-2", "web-3").steady(12 * second)
	s.request(request{sent: 6100 * ms, took: 3160 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200})
	for _, took := range []time.Duration{3210 * ms, 3220 * ms} {
		s.request(answered(request{sent: 6100 * ms, took: took}, 502))
	}
	if got, want := summary(s.analyze(t)), "failed; 3 grace-too-short (likely) [web-1] at the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A program that is killed at the end of its grace took no notice of SIGTERM if its
// own connections went on as before; a proxy's tell nothing of that.
func TestAProxysKeptConnectionIsNotThePods(t *testing.T) {
	for _, tt := range []struct {
		name string
		way  func(*scenario, time.Duration, time.Duration, ...string) *scenario
		lost request
		want string
	}{
		{"direct", (*scenario).traffic, request{sent: 9100 * ms, took: 160 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}, "failed; 1 sigterm-ignored (likely) [web-1] at the exit"},
		{"proxied", (*scenario).byProxy, answered(request{sent: 9100 * ms, took: 160 * ms}, 502), "failed; 1 grace-too-short (likely) [web-1] at the exit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil)
			tt.way(s, 0, 30*second, "web-2", "web-3").steady(12 * second)
			tt.way(s, 0, 6250*ms, "web-1", "web-2")
			s.request(request{sent: 7 * second, pod: "web-1"})
			for _, at := range []time.Duration{7 * second, 8 * second, 9 * second} {
				s.request(request{stream: "short-reused", sent: at, conn: 9, pod: "web-1", connPod: "web-1", served: 7})
			}
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Where nothing tells of a proxy, an answer without a name may: not where connections
// are seen to stay with their pods, nor where pods do not always name themselves.
func TestAnswersThatDoNotNameTheirPod(t *testing.T) {
	const unknown = "failed; 1 unknown () [] outside of any termination"
	fresh := func(s *scenario, from, to time.Duration, pods ...string) {
		for n, at := 0, from; at < to; n, at = n+1, at+10*ms {
			s.request(request{sent: at, pod: pods[n%len(pods)]})
			s.request(request{stream: "short-reused", sent: at, pod: pods[n%len(pods)]})
		}
	}
	tests := []struct {
		name    string
		with    *death
		traffic func(s *scenario)
		lost    request
		want    string
	}{
		{
			"as the others do", abrupt(),
			func(s *scenario) { fresh(s, 0, 6250*ms, "web-1", "web-2"); fresh(s, 8500*ms, 30*second, "web-2") },
			answered(request{sent: 6500 * ms, took: 3 * ms}, 502),
			"failed; 1 listener-closed-early (possible) [web-1] after the exit",
		},
		{
			"as the others do, but a program's own error", abrupt(),
			func(s *scenario) { fresh(s, 0, 6250*ms, "web-1", "web-2"); fresh(s, 8500*ms, 30*second, "web-2") },
			answered(request{sent: 6500 * ms, took: 3 * ms}, 500),
			unknown,
		},
		{
			"on a path where connections stay with their pods", abrupt(),
			func(s *scenario) { undisturbed(s) },
			answered(request{sent: 6500 * ms, took: 3 * ms}, 502),
			unknown,
		},
		{
			"nor do some that are as expected", abrupt(),
			func(s *scenario) {
				fresh(s, 0, 6250*ms, "web-1", "web-2")
				fresh(s, 8500*ms, 30*second, "web-2")
				s.request(request{sent: 20 * second})
			},
			answered(request{sent: 6500 * ms, took: 3 * ms}, 502),
			unknown,
		},
		{
			"nor do some, behind a proxy", drained(),
			func(s *scenario) { s.byProxy(0, 6250*ms, "web-1", "web-2"); s.unnamed(6250*ms, 30*second) },
			answered(request{sent: 6900 * ms, took: ms}, 503),
			"failed; 1 listener-closed-early (possible) [web-1] between SIGTERM and exit",
		},
		{
			"nor does any, and a gateway says so", abrupt(),
			func(s *scenario) { s.unnamed(0, 30*second) },
			answered(request{sent: 6246 * ms, took: 15 * ms}, 502),
			"failed; 1 no-drain (possible) [web-1] at the exit",
		},
		{
			"nor does any, and the pod goes on", drained(),
			func(s *scenario) { s.unnamed(0, 30*second) },
			answered(request{sent: 6900 * ms, took: ms}, 503),
			"failed; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit",
		},
		{
			"nor does any, the pod goes on, but there is no such error of its own", drained(),
			func(s *scenario) { s.unnamed(0, 30*second) },
			answered(request{sent: 6900 * ms, took: ms}, 504),
			"failed; 1 listener-closed-early (possible) [web-1] between SIGTERM and exit",
		},
		{
			"nor does any, and the pod has gone at once", abrupt(),
			func(s *scenario) { s.unnamed(0, 30*second) },
			answered(request{sent: 6300 * ms, took: ms}, 503),
			"failed; 1 listener-closed-early (possible) [web-1] after the exit",
		},
		{
			"nor does any, and the pod has gone meanwhile", drained(),
			func(s *scenario) { s.unnamed(0, 6250*ms); s.unnamed(15*second, 30*second) },
			answered(request{sent: 11500 * ms, took: ms}, 503),
			"failed; 1 listener-closed-early (possible) [web-1] after the exit",
		},
		{
			"nor does any, and no proxy is known that would be late", abrupt(),
			func(s *scenario) { s.unnamed(0, 30*second) },
			answered(request{sent: 20 * second, took: ms}, 502),
			unknown,
		},
		{
			"nor does any, and a pod's own address was asked", drained(),
			func(s *scenario) { s.unnamed(0, 30*second) },
			answered(request{sent: 6900 * ms, took: ms, address: "10.0.0.1:8080"}, 502),
			"failed; 1 errors-while-draining (likely) [web-1] between SIGTERM and exit",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).steady(12 * second)
			tt.traffic(s)
			rep := s.request(tt.lost).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			evidence := strings.Join(rep.Findings[0].Evidence, "\n")
			gateway := strings.Contains(evidence, "seems to have given it") || strings.Contains(evidence, "or one of them gave it is not known")
			if claimed := strings.Contains(tt.want, "listener-closed-early") || strings.Contains(tt.want, "no-drain"); gateway != claimed && tt.want != unknown {
				t.Errorf("the evidence is\n%s", evidence)
			}
		})
	}
}

// Of 503 alone nobody can tell; where a 502 came as well, a gateway is there.
func TestOneGatewaysAnswerTellsOfTheOthers(t *testing.T) {
	s := newScenario().pod("web-1", drained()).pod("web-2", nil).unnamed(0, 30*second).steady(12 * second)
	s.request(answered(request{sent: 6900 * ms, took: ms}, http.StatusServiceUnavailable))
	s.request(answered(request{sent: 7 * second, took: ms}, http.StatusBadGateway))
	if got, want := summary(s.analyze(t)), "failed; 2 listener-closed-early (possible) [web-1] between SIGTERM and exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A proxy that is itself the workload: the pods behind it name themselves, and are none
// of those that end. Its connections are its pods'.
func TestTheProxyIsTheWorkload(t *testing.T) {
	build := func(with *death) *scenario {
		s := newScenario().pod("web-1", with).pod("web-2", nil).pod("web-3", nil)
		return s.byProxy(0, 6250*ms, "api-1", "api-2").byProxy(8500*ms, 30*second, "api-1", "api-2").steady(12 * second)
	}
	t.Run("no coverage is claimed of other pods' names", func(t *testing.T) {
		rep := build(drained()).analyze(t)
		if got, want := summary(rep), "inconclusive"; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		if len(rep.Reasons) != 1 || !strings.HasPrefix(rep.Reasons[0], "answers name pods that are not the workload's (api-1 for one)") || warned(rep, "layer-7") || warned(rep, "do not name") {
			t.Errorf("reasons %v, warnings %v", rep.Reasons, rep.Warnings)
		}
		if rep.Validity.PodsNamed || rep.Terminations[0].Covered != nil {
			t.Errorf("pods named: %t, covered %v", rep.Validity.PodsNamed, rep.Terminations[0].Covered)
		}
	})
	t.Run("without names it cannot be told", func(t *testing.T) {
		s := newScenario().pod("web-1", drained()).pod("web-2", nil).unnamed(0, 30*second).steady(12 * second)
		for header, want := range map[string]string{
			"X-Pod-Name": "answers do not name their pod (header X-Pod-Name): causes rest on times rather than names, and whether each ended pod carried traffic could not be checked. " +
				"Have each answer bear its pod's name in a header (docs/checks.md, \"The header that names the pod\")",
			"": "answers do not name their pod (no header is read): causes rest on times",
		} {
			s.header.Check.Target.PodHeader = header
			if rep := s.analyze(t); rep.Verdict != report.Passed || !warned(rep, want) {
				t.Errorf("%s, warnings %v", rep.Verdict, rep.Warnings)
			}
		}
	})
	t.Run("where nothing was answered nothing lacks a name", func(t *testing.T) {
		if rep := newScenario().pod("web-1", drained()).pod("web-2", nil).steady(12 * second).request(refused).analyze(t); warned(rep, "do not name") {
			t.Errorf("warnings %v", rep.Warnings)
		}
	})
	t.Run("where nothing ended and nothing was lost names would have told nothing", func(t *testing.T) {
		if rep := newScenario().pod("web-1", nil).pod("web-2", nil).unnamed(0, 30*second).steady(12 * second).analyze(t); warned(rep, "do not name") {
			t.Errorf("warnings %v", rep.Warnings)
		}
	})
	t.Run("but one that is the workload's will do", func(t *testing.T) {
		rep := build(drained()).request(request{sent: second, pod: "web-2"}).analyze(t)
		if len(rep.Reasons) != 2 || !strings.Contains(rep.Reasons[0], "no request answered by web-1") {
			t.Errorf("%s: %v", rep.Verdict, rep.Reasons)
		}
	})
	tests := []struct {
		name string
		with *death
		lost request
		want string
	}{
		{
			"its kept connection is closed while it drains", drained(),
			onKept(request{sent: 6900 * ms, took: ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}, "api-1"),
			"failed; 1 keepalive-cut (likely) [web-1] between SIGTERM and exit",
		},
		{
			"it exits with a request", abrupt(),
			onKept(request{sent: 6246 * ms, took: 15 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}, "api-2"),
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"it is refused", abrupt(),
			request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused},
			"failed; 1 listener-closed-early (likely) [web-1] after the exit",
		},
		{
			"an error of what is behind it", abrupt(),
			answered(request{sent: 6500 * ms, took: ms, pod: "api-1"}, 503),
			"failed; 1 unknown () [] outside of any termination",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := summary(build(tt.with).request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A pod may send a request on to another, which then names itself: the connection to
// the pod's own address is the pod's all the same.
func TestAPodThatSendsRequestsOnIsNoProxy(t *testing.T) {
	s := newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil)
	undisturbed(s)
	s.request(request{stream: "short-reused", sent: 3 * second, address: "10.0.0.1:8080", pod: "web-2", connPod: "web-1", served: 3})
	s.request(request{stream: "short-reused", sent: 6246 * ms, took: 15 * ms, address: "10.0.0.1:8080", connPod: "web-1", served: 4, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	rep := s.analyze(t)
	if got, want := summary(rep), "failed; 1 no-drain (certain) [web-1] at the exit"; got != want || warned(rep, "layer-7") {
		t.Errorf("\n got %s, %v\nwant %s", got, rep.Warnings, want)
	}
}

// A proxy at one address says nothing of the connections to another.
func TestAProxyStandsAtOneAddress(t *testing.T) {
	s := newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil)
	undisturbed(s)
	s.request(request{stream: "short-reused", sent: 3 * second, address: "10.96.0.9:80", pod: "web-2", connPod: "web-3", served: 3})
	s.request(onKept(request{sent: 6246 * ms, took: 15 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}, "web-1"))
	if got, want := summary(s.analyze(t)), "failed; 1 no-drain (certain) [web-1] at the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// The end of a container whose pod goes on.
func TestACrashBehindAProxy(t *testing.T) {
	for _, tt := range []struct {
		name    string
		traffic func(*scenario, time.Duration, time.Duration)
		lost    request
		want    string
	}{
		{"by way of a proxy", func(s *scenario, from, to time.Duration) { s.byProxy(from, to, "web-1", "web-2", "web-3") }, answered(request{sent: 8300 * ms, took: 3 * ms}, 503), "failed; 1 restarted (likely) [web-1] while its container was away"},
		{"by way of a proxy, with a request", func(s *scenario, from, to time.Duration) { s.byProxy(from, to, "web-1", "web-2", "web-3") }, answered(request{sent: 7600 * ms, took: 450 * ms}, 502), "failed; 1 restarted (likely) [web-1] while its container was away"},
		{"or not", func(s *scenario, from, to time.Duration) { s.unnamed(from, to) }, answered(request{sent: 8300 * ms, took: 3 * ms}, 503), "failed; 1 restarted (possible) [web-1] while its container was away"},
		{"or not, by the pod's own word", func(s *scenario, from, to time.Duration) { s.unnamed(from, to) }, answered(request{sent: 8300 * ms, took: 3 * ms}, 500), "failed; 1 unknown () [] outside of any termination"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", nil).pod("web-2", nil).pod("web-3", nil).steady(12 * second)
			s.crash("web-1", 8*second, 9*second, recording.Exit{Code: 1})
			tt.traffic(s, 0, 8*second)
			tt.traffic(s, 9500*ms, 30*second)
			if got := summary(s.request(tt.lost).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// An error that names nobody may be a new pod's, or of what stands in front of it.
func TestAStartBehindWhatMayBeAProxy(t *testing.T) {
	last := &death{deleted: 20 * second, left: 20020 * ms, killing: 20050 * ms, exited: 24 * second, gone: 25 * second, grace: 30 * second}
	s := newScenario().pod("web-1", last).pod("web-2", nil).newcomer("web-4", 6*second, false).steady(26 * second)
	for at := time.Duration(0); at < 30*second; at += 10 * ms {
		pod := "web-2"
		if at > 9*second && at%(20*ms) == 0 {
			pod = "web-4"
		}
		s.request(request{sent: at, pod: pod})
	}
	s.request(answered(request{sent: 8 * second, took: ms}, 502))
	if got, want := summary(s.analyze(t)), "1 not-ready-yet (possible) [web-4] before the first answer"; !strings.Contains(got, want) {
		t.Errorf("%s does not tell of\n%s", got, want)
	}
}

// What was under way for longer than any answer takes waited for a pod that was ending
// when it was sent; that another exits as it fails is chance.
func TestALongWaitBehindTheProxyIsOfThePodThatWasEnding(t *testing.T) {
	other := func() *death {
		return &death{deleted: 8200 * ms, left: 8220 * ms, killing: 8250 * ms, exited: 8260 * ms, gone: 9500 * ms, grace: 30 * second, code: 2}
	}
	waited := func(sent time.Duration) request { return answered(request{sent: sent, took: 8256*ms - sent}, 503) }
	for name, tt := range map[string]struct {
		first *death
		lost  request
		late  time.Duration
		want  string
	}{
		"another one was ending": {abrupt(), waited(6300 * ms), 0, "failed; 1 listener-closed-early (likely) [web-1] after the exit"},
		"nobody was":             {nil, waited(6300 * ms), 0, "failed; 1 no-drain (possible) [web-2] at the exit"},
		"short of that":          {abrupt(), waited(8236 * ms), 0, "failed; 1 no-drain (likely) [web-2] at the exit"},
		"the run was late":       {abrupt(), waited(6300 * ms), 60 * ms, "inconclusive; 1 listener-closed-early (possible) [web-1] after the exit"},
		"504, and it was late":   {abrupt(), answered(request{sent: 6300 * ms, took: 5 * second}, 504), 60 * ms, "inconclusive; 1 listener-closed-early (possible) [web-1] after the exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.first).pod("web-2", other()).pod("web-3", nil)
			s.byProxy(0, 6250*ms, "web-1", "web-2", "web-3").byProxy(6260*ms, 8240*ms, "web-2", "web-3").byProxy(8500*ms, 30*second, "web-3").steady(12 * second)
			if got := summary(s.request(tt.lost).starve(tt.late).analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
