package analysis

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// starve lets every request go out later than it was due.
func (s *scenario) starve(by time.Duration) *scenario {
	for i := range s.samples {
		sample := &s.samples[i]
		sample.Scheduled = sample.Scheduled.Add(-by)
		for _, point := range []*time.Duration{&sample.Sent, &sample.Acquired, &sample.Written, &sample.End} {
			*point += by
		}
		if sample.FirstByte != recording.NotReached {
			sample.FirstByte += by
		}
	}
	return s
}

// withHook gives the pod a preStop sleep before its end.
func withHook(d *death, sleep time.Duration) *death {
	d.preStop, d.sleep = recording.PreStopSleep, sleep
	d.exited, d.gone = d.exited+sleep, d.gone+sleep
	return d
}

func withCode(d *death, code int32) *death {
	d.code = code
	return d
}

// A starved run is failed for what slowness does not explain, and for nothing else.
func TestStarvedRun(t *testing.T) {
	own := request{stream: "short-reused", sent: 6250 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	ownLater := own
	ownLater.sent += 3 * second
	cutShort := request{sent: 9250 * ms, took: 12 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200, first: 5 * ms}
	saysNo := request{sent: 6900 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503}
	tests := []struct {
		name   string
		with   *death
		lost   []request
		budget int
		want   report.Verdict
	}{
		{"refused by the times", drained(), []request{refused}, 0, report.Inconclusive},
		{"refused by the times, at the pod's own address", drained(), []request{{sent: 6500 * ms, took: ms, connPod: "web-1", phase: recording.PhaseDial, class: recording.ClassRefused}}, 0, report.Failed},
		{"refused by the times, and no pod could have been forgotten that soon", abrupt(), []request{refused}, 0, report.Failed},
		{"a kept connection closed", drained(), []request{masked}, 0, report.Inconclusive},
		{"cut in flight by an exit at once", abrupt(), []request{own}, 0, report.Failed},
		{"cut in flight after a preStop sleep by a program that has no handler", withHook(abrupt(), 3*second), []request{ownLater}, 0, report.Failed},
		{"cut after a preStop sleep by one that may have drained", withHook(withCode(abrupt(), 143), 3*second), []request{ownLater}, 0, report.Inconclusive},
		{"half an answer of one that may have drained", withHook(withCode(abrupt(), 143), 3*second), []request{cutShort}, 0, report.Failed},
		{"cut by the end of the grace, which slowness may have used up", killed(), []request{{stream: "short-reused", sent: 6800 * ms, took: 2460 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}}, 0, report.Inconclusive},
		{"an error by name", drained(), []request{saysNo}, 0, report.Failed},
		{"an error by name, which the budget allows", drained(), []request{saysNo, refused, masked}, 1, report.Inconclusive},
		{"an error of nobody's", drained(), []request{{sent: 6900 * ms, took: ms, phase: recording.PhaseDone, class: recording.ClassStatus, status: 503}}, 0, report.Inconclusive},
		{"nothing lost", drained(), nil, 0, report.Inconclusive},
		{"nothing lost, and SIGTERM came soon", lingering(0), nil, 0, report.Inconclusive},
		{"nothing lost, and a drain not put to the test", slept(), nil, 0, report.Inconclusive},
		{"nothing lost, and little grace left", &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9300 * ms, gone: 10 * second, grace: 4 * second}, nil, 0, report.Inconclusive},
	}
	numbers := regexp.MustCompile(`[0-9] s|[0-9]m?s|Seconds to [0-9]`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
			s.header.Check.Budget.Failed = tt.budget
			s.request(request{sent: 10 * second, took: 3 * second, pod: "web-2"})
			for _, r := range tt.lost {
				s.request(r)
			}
			if rep := s.analyze(t); len(tt.lost) > tt.budget && rep.Verdict != report.Failed {
				t.Errorf("%s (%v) at a pace as it should be", rep.Verdict, rep.Reasons)
			}
			s.starve(60*ms).standStill(7*second, 7200*ms)
			rep := s.analyze(t)
			if rep.Verdict != tt.want {
				t.Errorf("%s, want %s (%v)", rep.Verdict, tt.want, rep.Reasons)
			}
			for _, want := range []string{"went out late", "stood still 1 time, for up to 200ms"} {
				if said := strings.Join(rep.Reasons, "; "); !strings.Contains(said, want) {
					t.Errorf("%q is not in %q", want, said)
				}
			}
			for _, w := range rep.Warnings {
				if number := numbers.FindString(w.Text); number != "" {
					t.Errorf("%q in a warning: %s", number, w.Text)
				}
			}
			if len(rep.Power) > 0 {
				t.Errorf("power %v of a load that was not what the check asked for", rep.Power)
			}
			for _, f := range rep.Findings {
				if number := numbers.FindString(f.Fix.Text + f.Fix.Patch); number != "" {
					t.Errorf("%s: %q in the fix: %s %s", f.Cause, number, f.Fix.Text, f.Fix.Patch)
				}
			}
		})
	}
}

// What an exit cuts is read late by a machine that is late, and may then look like what a
// closed door refused. One that is late by less than a second still tells.
func TestACutThatIsReadLate(t *testing.T) {
	cut := func(sent, took time.Duration) request {
		return request{sent: sent, took: took, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	}
	for name, tt := range map[string]struct {
		lost request
		late time.Duration
		want string
	}{
		"long after the exit":              {cut(6100*ms, 2500*ms), 1100 * ms, "inconclusive; 1 no-drain (possible) [web-1]"},
		"as if refused":                    {cut(6900*ms, 12*ms), 1100 * ms, "inconclusive; 1 listener-closed-early (possible) [web-1]"},
		"as if refused, and not very late": {cut(6900*ms, 12*ms), 60 * ms, "failed; 1 listener-closed-early (likely) [web-1]"},
	} {
		s := undisturbed(newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil)).request(tt.lost)
		s.request(request{sent: 20 * second, took: 3 * second, pod: "web-2"})
		if got := summary(s.starve(tt.late).analyze(t)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

// Where answered requests take as long as a timeout, a machine that is late says nothing
// by one that no name ties to a pod, and not for sure by one that a name does.
func TestATimeoutOfAStarvedRun(t *testing.T) {
	hung := request{sent: 6900 * ms, took: 2 * second, phase: recording.PhaseFirstByte, class: recording.ClassTimeout}
	ofAPod := hung
	ofAPod.stream, ofAPod.connPod, ofAPod.served = "short-reused", "web-1", 3
	for name, tt := range map[string]struct {
		lost    request
		longest time.Duration
		starved bool
		want    report.Confidence
	}{
		"by the times, in time":                                  {hung, 1500 * ms, false, report.Likely},
		"by the times, starved":                                  {hung, 1500 * ms, true, ""},
		"by the times, starved, others much faster":              {hung, 500 * ms, true, report.Likely},
		"on a pod's own connection":                              {ofAPod, 1500 * ms, false, report.Likely},
		"on a pod's own connection, starved":                     {ofAPod, 1500 * ms, true, report.Possible},
		"on a pod's own connection, starved, others much faster": {ofAPod, 500 * ms, true, report.Likely},
	} {
		s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil)).request(tt.lost)
		s.request(request{stream: tt.lost.stream, sent: 20 * second, took: tt.longest, pod: "web-2"})
		if tt.starved {
			s.starve(60 * ms)
		}
		if f := s.analyze(t).Findings[0]; f.Confidence != tt.want {
			t.Errorf("%s: %s (%s)", name, f.Cause, f.Confidence)
		}
	}
}

// A stream that has as many requests under way as it may have is off its rate for the
// service's sake: that is no starved machine, unless its process stood still.
func TestAServiceThatHangsIsNoStarvedRun(t *testing.T) {
	for name, tt := range map[string]struct {
		peak  int
		still time.Duration
		want  report.Verdict
	}{
		"as many as may be":                          {1000, 0, report.Failed},
		"as many as may be, and it stood still once": {1000, 200 * ms, report.Failed},
		"as many as may be, and it stood still":      {1000, 500 * ms, report.Inconclusive},
		"fewer":                                      {12, 0, report.Inconclusive},
	} {
		s := sound().request(refused)
		s.ending.Streams = []recording.StreamEnd{{
			Name: "short-new", Scheduled: 2000, Sent: 1389, Began: after(0), Stopped: after(30 * second), PeakInFlight: tt.peak, MaxInFlight: 1000,
		}}
		s.standStill(20*second, 20*second+tt.still)
		if rep := s.analyze(t); rep.Verdict != tt.want || !strings.Contains(strings.Join(rep.Reasons, "; "), "requests per second were sent") {
			t.Errorf("%s: %s, want %s (%v)", name, rep.Verdict, tt.want, rep.Reasons)
		}
	}
}

// An exit that is known to come at once is the program's doing, one that may have come
// at once is not.
func TestAnExitAtOnce(t *testing.T) {
	late := abrupt()
	late.exited = 7260 * ms // known to the second: it may have come 0.75 s after SIGTERM, or 1.31 s
	unknown := abrupt()
	unknown.preStop = recording.PreStopExec
	for name, tt := range map[string]struct {
		with *death
		want report.Verdict
	}{
		"at once":                        {abrupt(), report.Failed},
		"perhaps later":                  {late, report.Inconclusive},
		"after a hook of unknown length": {unknown, report.Inconclusive},
	} {
		s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
		if rep := s.request(refused).starve(60 * ms).analyze(t); rep.Verdict != tt.want {
			t.Errorf("%s: %s, want %s (%v)", name, rep.Verdict, tt.want, rep.Reasons)
		}
	}
}

// A pod without a hook that refuses connections at its own address within a second of the
// kubelet's start leaves the proxies no time, however slow the machine: what it refused then is
// its fault. What proxies that are late send to another that is gone looks the same.
func TestAStarvedRunWhosePodShutItsDoor(t *testing.T) {
	shut := func(at time.Duration) func(*scenario) {
		return func(s *scenario) {
			s.probes("web-1", 6300*ms, at)
			for ; at < 10*second; at += 100 * ms {
				s.probed("web-1", at, request{took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
			}
		}
	}
	hooked := drained()
	hooked.preStop = recording.PreStopExec
	later := refused
	later.sent = 7260 * ms
	through := refused
	through.phase, through.class = recording.PhaseFirstByte, recording.ClassEOF
	for name, tt := range map[string]struct {
		with *death
		own  func(*scenario)
		lost request
		want report.Verdict
	}{
		"at once":                            {drained(), shut(6400 * ms), refused, report.Failed},
		"later":                              {drained(), shut(7400 * ms), refused, report.Inconclusive},
		"nobody asked it":                    {drained(), func(*scenario) {}, refused, report.Inconclusive},
		"at once, and a hook of its own":     {hooked, shut(6400 * ms), refused, report.Inconclusive},
		"at once, and the request came late": {drained(), shut(6400 * ms), later, report.Inconclusive},
		"at once, behind something else":     {drained(), shut(6400 * ms), through, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil)).request(tt.lost)
			tt.own(s)
			if rep := s.starve(60 * ms).analyze(t); rep.Verdict != tt.want {
				t.Errorf("%s, want %s (%s; %v)", rep.Verdict, tt.want, summary(rep), rep.Reasons)
			}
		})
	}
}
