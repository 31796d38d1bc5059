package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// lingering is a pod that lives on for 3 s after SIGTERM at 6.25 s.
func lingering(code int32) *death {
	return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms, grace: 30 * second, code: code}
}

// sudden is one that leaves on SIGTERM, with another exit code than abrupt.
func sudden(code int32) *death {
	d := abrupt()
	d.code = code
	return d
}

// soon is one that leaves 350 ms after SIGTERM.
func soon(code int32) *death {
	d := sudden(code)
	d.exited = 6600 * ms
	return d
}

// unlabeled takes the pods' names off the requests.
func unlabeled(s *scenario) {
	for i := range s.samples {
		s.samples[i].Pod, s.samples[i].ConnPod = "", ""
	}
}

// cutKept is a request on a connection that web-1 had answered on, cut without a
// byte of an answer.
func cutKept(sent, took time.Duration) request {
	return request{stream: "short-reused", sent: sent, took: took, connPod: "web-1", served: 5, phase: recording.PhaseFirstByte, class: recording.ClassReset}
}

// Whether a pod drains shows in what it answers after SIGTERM, not in its exit code.
func TestDrainingIsLearnedFromTheAnswers(t *testing.T) {
	answersWhatItHas := func(s *scenario) { s.request(request{sent: 6 * second, took: 3200 * ms, pod: "web-1"}) }
	cutFresh := func(sent, took time.Duration) request {
		return request{sent: sent, took: took, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	}
	tests := []struct {
		name  string
		with  *death
		other func(*scenario)
		lost  []request
		want  string
	}{
		{
			"kept connections that it reads no more", lingering(143), answersWhatItHas,
			[]request{cutKept(6500*ms, 2760*ms), cutKept(9240*ms, 20*ms), cutKept(8*second, 1260*ms)},
			"failed; 3 keepalive-cut (certain) [web-1] at the exit",
		},
		{
			"whatever its exit code", lingering(1), answersWhatItHas,
			[]request{cutKept(6500*ms, 2760*ms)},
			"failed; 1 keepalive-cut (certain) [web-1] at the exit",
		},
		{
			"no answer shows that it went on, but this waited longer than any took", lingering(0), nil,
			[]request{cutKept(6500*ms, 2760*ms)},
			"failed; 1 keepalive-cut (certain) [web-1] at the exit",
		},
		{
			"it had the request when SIGTERM came", lingering(0), answersWhatItHas,
			[]request{cutKept(6100*ms, 3160*ms)},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"or may have had it, for all that it answered later on kept connections", lingering(0), func(s *scenario) {
				s.samples = slices.DeleteFunc(s.samples, func(x recording.Sample) bool {
					return x.Pod == "web-1" && !x.Fresh() && x.Scheduled.After(after(6*second))
				})
				answersWhatItHas(s)
			},
			[]request{cutKept(6100*ms, 3160*ms)},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"it went on for less than a second", &death{
				deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 6900 * ms, gone: 8 * second, grace: 30 * second, code: 143,
			},
			func(s *scenario) { s.request(request{sent: 6 * second, took: 800 * ms, pod: "web-1"}) },
			[]request{cutKept(6500*ms, 400*ms)},
			"failed; 1 keepalive-cut (certain) [web-1] at the exit",
		},
		{
			"it went on for less than requests take, so that none that came later could be answered", soon(0), func(s *scenario) {
				s.request(request{sent: 6100 * ms, took: 480 * ms, pod: "web-1"})
				s.request(request{stream: "short-reused", sent: 10 * second, took: 500 * ms, pod: "web-2", connPod: "web-2", served: 3})
			},
			[]request{cutKept(6400*ms, 200*ms), cutKept(6550*ms, 50*ms)},
			"failed; 2 no-drain (likely) [web-1] at the exit",
		},
		{
			"it still read kept connections", lingering(0), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 8 * second, pod: "web-1", connPod: "web-1", served: 3})
			},
			[]request{cutKept(6500*ms, 2760*ms)},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"requests of the stream take that long, and none shows that it went on", lingering(0), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 10 * second, took: 3 * second, pod: "web-2", connPod: "web-2", served: 3})
			},
			[]request{cutKept(6500*ms, 2760*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"it had begun to answer", lingering(0), answersWhatItHas,
			[]request{{stream: "short-reused", sent: 6500 * ms, took: 2760 * ms, pod: "web-1", connPod: "web-1", served: 5, phase: recording.PhaseBody, class: recording.ClassBodyCut}},
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"new connections that it accepts no more", lingering(0), nil,
			[]request{cutFresh(6500*ms, 2760*ms), cutFresh(8900*ms, 360*ms), cutFresh(8*second, 1260*ms)},
			"failed; 3 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"a new connection that waited from before SIGTERM on, while what the pod had was answered", lingering(0), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 6 * second, took: 3200 * ms, pod: "web-1", connPod: "web-1", served: 3})
			},
			[]request{cutFresh(6195*ms, 3065*ms)},
			"failed; 1 listener-closed-early (possible) [web-1] before SIGTERM",
		},
		{
			"a new connection that may have been accepted before SIGTERM", lingering(0), nil,
			[]request{cutFresh(6100*ms, 3160*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"new connections, of which it still answered later ones", lingering(0), func(s *scenario) {
				s.request(request{sent: 8 * second, pod: "web-1"})
			},
			[]request{cutFresh(6500*ms, 2760*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"new connections whose requests take that long", lingering(0), func(s *scenario) {
				s.request(request{sent: 10 * second, took: 3 * second, pod: "web-2"})
			},
			[]request{cutFresh(6500*ms, 2760*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"a new connection whose wait its exit code explains", sudden(2), nil,
			[]request{cutFresh(6250*ms, 150*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"it was killed meanwhile", killed(), func(s *scenario) {
				s.request(request{sent: 6 * second, took: 3 * second, pod: "web-1"})
			},
			[]request{cutKept(6500*ms, 2760*ms)},
			"failed; 1 grace-too-short (certain) [web-1] at the exit",
		},

		{
			"0 in less than a second, after requests that nobody read", soon(0), nil,
			[]request{cutKept(6300*ms, 300*ms), cutKept(6585*ms, 15*ms), cutKept(6590*ms, 10*ms), cutKept(6598*ms, 2*ms), cutKept(6580*ms, 20*ms)},
			"failed; 5 keepalive-cut (certain) [web-1] at the exit",
		},
		{
			"another code is none of a pod in good order", soon(2), nil,
			[]request{cutKept(6300*ms, 300*ms), cutKept(6590*ms, 10*ms), cutKept(6598*ms, 2*ms)},
			"failed; 3 no-drain (certain) [web-1] at the exit",
		},
		{
			"0 in less than a second, as long as requests take", soon(0), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 10 * second, took: 400 * ms, pod: "web-2", connPod: "web-2", served: 3})
			},
			[]request{cutKept(6300*ms, 300*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 in less than a second, where others of the ReplicaSet do not read", soon(0), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 10 * second, took: 400 * ms, pod: "web-2", connPod: "web-2", served: 3})
				s.pod("web-4", lingering(0))
				lost := cutKept(6500*ms, 2760*ms)
				lost.connPod = "web-4"
				s.request(lost)
			},
			[]request{cutKept(6300*ms, 300*ms), cutKept(6590*ms, 10*ms)},
			"failed; 3 keepalive-cut (likely) [web-1 web-4] at the exit",
		},
		{
			"nor does another of the StatefulSet, which may be of another revision", soon(0), func(s *scenario) {
				s.request(request{stream: "short-reused", sent: 10 * second, took: 400 * ms, pod: "web-2", connPod: "web-2", served: 3})
				s.pod("web-4", lingering(0))
				lost := cutKept(6500*ms, 2760*ms)
				lost.connPod = "web-4"
				s.request(lost)
				for _, e := range s.events {
					if e.Pod != nil {
						e.Pod.OwnerKind = "StatefulSet"
					}
				}
			},
			[]request{cutKept(6300*ms, 300*ms), cutKept(6590*ms, 10*ms)},
			"failed; 2 no-drain (likely) [web-1] at the exit; 1 keepalive-cut (certain) [web-4] at the exit",
		},
		{
			"143 at once, as the request came in", sudden(143), nil,
			[]request{cutKept(6258*ms, 2*ms)},
			"failed; 1 keepalive-cut (likely) [web-1] at the exit",
		},
		{
			"0 at once, as the request came in", sudden(0), nil,
			[]request{cutKept(6258*ms, 2*ms)},
			"failed; 1 keepalive-cut (likely) [web-1] at the exit",
		},
		{
			"0 at once, with several on kept connections and none on new ones", sudden(0), nil,
			[]request{cutKept(6250*ms, 10*ms), cutKept(6245*ms, 15*ms), cutKept(6240*ms, 20*ms), cutKept(6250*ms, 8*ms)},
			"failed; 4 keepalive-cut (likely) [web-1] at the exit",
		},
		{
			"2 at once, with several on kept connections", sudden(2), nil,
			[]request{cutKept(6250*ms, 10*ms), cutKept(6245*ms, 15*ms), cutKept(6240*ms, 20*ms), cutKept(6250*ms, 8*ms)},
			"failed; 4 no-drain (certain) [web-1] at the exit",
		},
		{
			"1 at once, as puma ends, with several on kept connections", sudden(1), nil,
			[]request{cutKept(6250*ms, 10*ms), cutKept(6245*ms, 15*ms), cutKept(6240*ms, 20*ms), cutKept(6250*ms, 8*ms)},
			"failed; 4 keepalive-cut (likely) [web-1] at the exit",
		},
		{
			"1 at once, with several on kept connections and one on a new one", sudden(1), nil,
			[]request{cutKept(6250*ms, 10*ms), cutKept(6245*ms, 15*ms), cutKept(6240*ms, 20*ms), cutKept(6250*ms, 8*ms), cutFresh(6245*ms, 15*ms)},
			"failed; 5 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 at once, with several on kept connections and one on a new one", sudden(0), nil,
			[]request{cutKept(6250*ms, 10*ms), cutKept(6245*ms, 15*ms), cutKept(6240*ms, 20*ms), cutKept(6250*ms, 8*ms), cutFresh(6245*ms, 15*ms)},
			"failed; 5 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 at once, with several on kept connections, one of which came before SIGTERM", sudden(0), nil,
			[]request{cutKept(6250*ms, 10*ms), cutKept(6245*ms, 15*ms), cutKept(6240*ms, 20*ms), cutKept(6150*ms, 110*ms)},
			"failed; 4 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 at once, when the request had come some time before", sudden(0), nil,
			[]request{cutKept(6200*ms, 60*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 at once, with another that it was answering", sudden(0), nil,
			[]request{cutKept(6258*ms, 2*ms), cutKept(6200*ms, 60*ms)},
			"failed; 2 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 at once, without names, where closed doors refuse at once", sudden(0), unlabeled,
			[]request{cutFresh(6205*ms, 55*ms), {sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			"failed; 1 no-drain (likely) [web-1] at the exit; 1 listener-closed-early (likely) [web-1] after the exit",
		},
		{
			"0 at once, without names, after a hook that had outlasted the proxies",
			&death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms, grace: 30 * second, preStop: recording.PreStopSleep, sleep: 3 * second},
			unlabeled,
			[]request{cutFresh(9205*ms, 55*ms)},
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
		{
			"0 at once, where a proxy that accepts may have been slow to say no", sudden(0), unlabeled,
			[]request{cutFresh(6300*ms, 30*ms)},
			"failed; 1 listener-closed-early (likely) [web-1] after the exit",
		},
		{
			"0 after a hook of unknown length, as the request came in",
			&death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms, grace: 30 * second, preStop: recording.PreStopExec}, nil,
			[]request{cutKept(9258*ms, 2*ms)},
			"failed; 1 keepalive-cut (certain) [web-1] at the exit",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
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

func TestTheEvidenceTellsOfRequestsThatNobodyRead(t *testing.T) {
	s := undisturbed(newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil))
	s.request(request{sent: 6 * second, took: 3200 * ms, pod: "web-1"})
	s.request(cutKept(6500*ms, 2760*ms)).request(cutKept(9258*ms, 2*ms))
	const want = "1 request waited on a kept connection, for up to 2.76s: the pod did not read any more what came on it"
	if got := strings.Join(s.analyze(t).Findings[0].Evidence, "\n"); !strings.Contains(got, want) {
		t.Errorf("%q is not in\n%s", want, got)
	}
}
