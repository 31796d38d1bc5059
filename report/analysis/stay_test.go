package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// outlasting is a pod with a preStop sleep of 3 s, SIGTERM at 9.25 s, that is killed at
// the end of its grace of 10 s.
func outlasting() *death {
	return &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 16260 * ms, gone: 17500 * ms,
		grace: 10 * second, code: 137, preStop: recording.PreStopSleep, sleep: 3 * second,
	}
}

// answersKept lets web-1 answer on one kept connection, every 100 ms.
func answersKept(from, to time.Duration) func(*scenario) {
	return func(s *scenario) {
		for at := from; at < to; at += 100 * ms {
			s.request(request{stream: "short-reused", sent: at, pod: "web-1", connPod: "web-1", served: 9, conn: 1})
		}
	}
}

// accepts lets a pod answer on a new connection.
func accepts(pod string, at time.Duration) func(*scenario) {
	return func(s *scenario) { s.request(request{sent: at, pod: pod}) }
}

// says lets web-1 write a line to its log when SIGTERM comes.
func says(at time.Duration) func(*scenario) {
	return func(s *scenario) {
		s.events = append(s.events, recording.Event{At: after(at + 20*ms), Log: &recording.LogLine{
			Pod: "web-1", UID: "uid-web-1", Container: "app", Written: after(at), Text: "SIGTERM received",
		}})
	}
}

// What is cut by the kill of a pod that went on serving.
func TestWhyAPodWasStillThere(t *testing.T) {
	kept := []func(*scenario){answersKept(9500*ms, 16200*ms)}
	with := func(more ...func(*scenario)) []func(*scenario) { return append(slices.Clone(kept), more...) }
	const unsure = "Whether the program noticed SIGTERM at all is not known"
	tests := []struct {
		name  string
		other []func(*scenario)
		lost  request
		want  string
		// says is in the fix; doubts tells whether unsure is.
		says   string
		doubts bool
	}{
		{
			"it served its kept connections", kept, cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", true,
		},
		{
			"its log tells that it had noticed", with(says(9260 * ms)), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", false,
		},
		{
			"new connections came before SIGTERM only", with(accepts("web-1", 8*second)), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", true,
		},
		{
			"it took new ones as well", with(accepts("web-1", 9500*ms)), cutKept(16200*ms, 60*ms),
			"failed; 1 sigterm-ignored (certain) [web-1] at the exit", "PID 1", false,
		},
		{
			"it took new ones for a while, but had noticed", with(accepts("web-1", 9500*ms), says(9260*ms)), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", false,
		},
		{
			"it served on as before for a while, and waits for a request since",
			[]func(*scenario){answersKept(9500*ms, 12*second), accepts("web-1", 9500*ms)},
			request{sent: 9 * second, took: 7260 * ms, connPod: "web-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF},
			"failed; 1 grace-too-short (certain) [web-1] at the exit", "", false,
		},
		{
			"it took new ones on its own address until the kill", with(func(s *scenario) { s.probes("web-1", 6300*ms, 16200*ms) }), cutKept(16200*ms, 60*ms),
			"failed; 1 sigterm-ignored (certain) [web-1] at the exit", "PID 1", false,
		},
		{
			"it took new ones on its own address, and then refused them", with(func(s *scenario) { s.probes("web-1", 6300*ms, 12*second).probed("web-1", 12*second, turned) }), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", false,
		},
		{
			"it took new ones on its own address, and then was silent", with(func(s *scenario) { s.probes("web-1", 6300*ms, 12*second).probed("web-1", 12*second, neverAnswered) }), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", true,
		},
		{
			"another pod of the same ReplicaSet did", with(func(s *scenario) { s.pod("web-4", killed()) }, accepts("web-4", 6500*ms)), cutKept(16200*ms, 60*ms),
			"failed; 1 sigterm-ignored (certain) [web-1] at the exit", "PID 1", false,
		},
		{
			"a pod of another ReplicaSet did", with(func(s *scenario) { d := killed(); d.owner = "web-new"; s.pod("web-4", d) }, accepts("web-4", 6500*ms)), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", true,
		},
		{
			"another pod of the same StatefulSet did, maybe of another revision", with(func(s *scenario) {
				s.pod("web-4", killed())
				for _, e := range s.events {
					if e.Pod != nil {
						e.Pod.OwnerKind = "StatefulSet"
					}
				}
			}, accepts("web-4", 6500*ms)), cutKept(16200*ms, 60*ms),
			"failed; 1 keepalive-outlasts-grace (certain) [web-1] at the exit", "closeIdleConnections", true,
		},
		{
			"a request on a new connection had been under way since before", kept,
			request{sent: 9200 * ms, took: 7060 * ms, connPod: "web-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF},
			"failed; 1 grace-too-short (certain) [web-1] at the exit", "", false,
		},
		{
			"it had stopped serving kept connections long before",
			[]func(*scenario){answersKept(9500*ms, 12*second)},
			cutKept(11*second, 5260*ms),
			"failed; 1 grace-too-short (certain) [web-1] at the exit", "", false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", outlasting()).pod("web-2", nil).pod("web-3", nil))
			for _, other := range tt.other {
				other(s)
			}
			rep := s.request(tt.lost).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Fatalf("\n got %s\nwant %s", got, tt.want)
			}
			fix := rep.Findings[0].Fix.Text
			if !strings.Contains(fix, tt.says) || strings.Contains(fix, unsure) != tt.doubts {
				t.Errorf("fix: %s", fix)
			}
		})
	}
}

// A request that it turns away while it lives shows that a pod has noticed SIGTERM.
func TestARefusalShowsThatSigtermWasNoticed(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refused time.Duration
		noticed bool
	}{
		{"after SIGTERM", 6600 * ms, true},
		{"when SIGTERM may not yet have come", 6300 * ms, false},
		{"when it may have been killed", 9290 * ms, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := killed()
			d.left = 9 * second
			s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
			answersKept(6500*ms, 9200*ms)(s)
			s.request(request{sent: tt.refused, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
			s.request(cutKept(9200*ms, 60*ms))
			rep := s.analyze(t)
			if len(rep.Findings) != 2 || rep.Findings[0].Cause != report.KeepaliveOutlastsGrace || rep.Findings[1].Cause != report.ListenerClosedEarly {
				t.Fatal(summary(rep))
			}
			if fix := rep.Findings[0].Fix.Text; strings.Contains(fix, "is not known") == tt.noticed {
				t.Errorf("fix: %s", fix)
			}
		})
	}
}

// Warnings of pods that were killed and lost nothing by it.
func TestWarningsOfPodsThatStayed(t *testing.T) {
	newOnly := func(s *scenario) {
		s.samples = slices.DeleteFunc(s.samples, func(x recording.Sample) bool { return x.Stream == "short-reused" })
		s.header.Check.Streams = s.header.Check.Streams[:1]
	}
	tests := []struct {
		name  string
		with  *death
		other []func(*scenario)
		want  string
		// noticed tells that it is known to have noticed SIGTERM.
		noticed bool
	}{
		{
			"it served its kept connections", outlasting(),
			[]func(*scenario){answersKept(9500*ms, 16200*ms)},
			"keepalive-outlasts-grace: web-1 went on serving kept-alive connections until the grace period ended and had to be killed", false,
		},
		{
			"it took new ones", killed(),
			[]func(*scenario){accepts("web-1", 6500*ms)},
			"sigterm-ignored: web-1 took no notice of SIGTERM and had to be killed", false,
		},
		{
			"it took new ones for a while, but had noticed", killed(),
			[]func(*scenario){accepts("web-1", 6500*ms), says(6260 * ms)},
			"grace-too-short: web-1 still ran when the grace period ended and had to be killed, although no request was lost to it", true,
		},
		{
			"it took new ones for a while, and then turned one away", killed(),
			[]func(*scenario){accepts("web-1", 6500*ms), func(s *scenario) {
				s.request(request{sent: 6600 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
				s.header.Check.Budget.Failed = 1
			}},
			"grace-too-short: web-1 still ran when the grace period ended and had to be killed, although no request was lost to it", true,
		},
		{
			"its kill cut a request", outlasting(),
			[]func(*scenario){func(s *scenario) {
				s.request(request{sent: 9200 * ms, took: 7060 * ms, connPod: "web-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF})
				s.header.Check.Budget.Failed = 1
			}},
			"", false,
		},
		{
			"what was under way at SIGTERM took most of the grace", killed(),
			[]func(*scenario){accepts("web-1", 6500*ms), func(s *scenario) { s.request(request{sent: 6200 * ms, took: 1200 * ms, pod: "web-1"}) }},
			"sigterm-ignored: web-1 took no notice of SIGTERM and had to be killed", false,
		},
		{
			"an answer had only just been given", killed(),
			[]func(*scenario){accepts("web-1", 6500*ms), func(s *scenario) { s.request(request{sent: 6200 * ms, took: 1900 * ms, pod: "web-1"}) }},
			"grace-too-short: web-1 still ran when the grace period ended and had to be killed, although no request was lost to it. Whether", false,
		},
		{
			"an answer had only just been given, but another pod of the same ReplicaSet took no notice", killed(),
			[]func(*scenario){accepts("web-1", 6500*ms), func(s *scenario) {
				s.request(request{sent: 6200 * ms, took: 1900 * ms, pod: "web-1"})
				d := killed()
				d.exited, d.grace, d.gone = 10260*ms, 4*second, 11*second
				s.pod("web-4", d).request(request{stream: "short-reused", sent: 6000 * ms, pod: "web-4"})
			}, accepts("web-4", 6500*ms)},
			"sigterm-ignored: web-1, web-4 took no notice of SIGTERM and had to be killed", false,
		},
		{
			"it had nothing left to answer", outlasting(), nil,
			"sigterm-ignored: web-1 took no notice of SIGTERM, or did not end after it:", false,
		},
		{
			"it had nothing left to answer, and answered on its own address until it was killed", outlasting(),
			[]func(*scenario){func(s *scenario) { s.measured("").probes("web-1", 6300*ms, 16200*ms) }},
			"sigterm-ignored: web-1 took no notice of SIGTERM and had to be killed", false,
		},
		{
			"it had nothing left to answer, and answered nobody any more after SIGTERM", outlasting(),
			[]func(*scenario){func(s *scenario) {
				s.measured("").probes("web-1", 6300*ms, 10*second)
				for at := 10 * second; at < 16*second; at += second {
					s.probed("web-1", at, request{phase: recording.PhaseFirstByte, class: recording.ClassEOF, took: 16260*ms - at})
				}
			}},
			"grace-too-short: web-1 still ran when the grace period ended and had to be killed, although no request was lost to it", true,
		},
		{
			"it had nothing left to answer, and answered with errors on its own address after SIGTERM", outlasting(),
			[]func(*scenario){func(s *scenario) {
				s.measured("").probes("web-1", 6300*ms, 10*second)
				for at := 10 * second; at < 16*second; at += second {
					s.probed("web-1", at, erring)
				}
			}},
			"sigterm-ignored: web-1 took no notice of SIGTERM", false,
		},
		{
			"it left one request to its own address without an answer", outlasting(),
			[]func(*scenario){func(s *scenario) {
				s.measured("").probes("web-1", 6300*ms, 10*second)
				s.probed("web-1", 10*second, request{phase: recording.PhaseFirstByte, class: recording.ClassEOF, took: 6260 * ms})
			}},
			"sigterm-ignored: web-1 took no notice of SIGTERM", false,
		},
		{
			"nothing can have been left, though answers name nobody", outlasting(),
			[]func(*scenario){newOnly, unlabeled},
			"sigterm-ignored: web-1 took no notice of SIGTERM, or did not end after it:", false,
		},
		{
			"on kept connections something may have been", outlasting(),
			[]func(*scenario){unlabeled},
			"grace-too-short: web-1 still ran when the grace period ended and had to be killed, although no request was lost to it. Whether it had noticed SIGTERM is not known", false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
			for _, other := range tt.other {
				other(s)
			}
			rep := s.analyze(t)
			got := ""
			for _, w := range rep.Warnings {
				if w.Cause != "" {
					got += string(w.Cause) + ": " + w.Text
				}
			}
			if rep.Verdict != report.Passed || got == "" != (tt.want == "") || !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s %q, want %q...", rep.Verdict, got, tt.want)
			}
			if known := !strings.Contains(got, "not known"); tt.noticed && !known {
				t.Errorf("%q", got)
			}
		})
	}
}

// What an exit has cost is a finding's, whatever cause that has: no warning says that it
// cost nothing.
func TestAKillThatCostARequestIsNotSaidToHaveCostNone(t *testing.T) {
	for name, lost := range map[string][]request{
		"one cut": {{sent: 9240 * ms, took: 20 * ms, stream: "short-reused", connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassReset}},
		"none":    nil,
	} {
		s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil))
		s.request(request{stream: "short-reused", sent: 9200 * ms, pod: "web-1", connPod: "web-1", served: 2})
		for _, r := range lost {
			s.request(r)
		}
		rep := s.analyze(t)
		said := slices.ContainsFunc(rep.Warnings, func(w report.Warning) bool { return strings.Contains(w.Text, "had to be killed") })
		if said != (lost == nil) {
			t.Errorf("%s: %s\n%+v", name, summary(rep), rep.Warnings)
		}
	}
}
