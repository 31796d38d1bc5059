package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// troubled is a pod whose container ends while the pod goes on, told step by step.
type troubled struct {
	s         *scenario
	name      string
	observed  recording.PodObservation
	published bool
	ready     bool
	restarts  int32
	last      *recording.Exit
}

// fresh lets a pod come at a moment that is not Ready yet.
func (s *scenario) fresh(name string, at time.Duration) *troubled {
	return s.troubled(name, at).isBusy(at)
}

// troubled is a pod of which nothing has been told yet.
func (s *scenario) troubled(name string, at time.Duration) *troubled {
	return &troubled{s: s, name: name, observed: recording.PodObservation{
		Change: recording.Added, Name: name, UID: "uid-" + name, Created: after(at).Truncate(time.Second), Phase: "Running",
		OwnerKind: "ReplicaSet", OwnerName: "web-new", OwnerUID: "uid-web-new", IP: "10.0.1." + name[len(name)-1:],
		HasReadinessProbe: true, Grace: 30 * second,
	}}
}

// served is a pod that was there, and Ready, before the run.
func (s *scenario) served(name string) *troubled {
	p := s.troubled(name, -30*second)
	p.observed.Change = recording.Listed
	return p.becomesReady(0)
}

func (p *troubled) tell(at time.Duration, c recording.Container) {
	c.Name, c.Restarts, c.Liveness = "app", p.restarts, &recording.Probe{Period: second, Timeout: second, Failures: 3}
	o := p.observed
	o.Ready, o.Containers = p.ready, []recording.Container{c}
	p.s.events = append(p.s.events, recording.Event{At: after(at), Pod: &o})
	p.observed.Change = recording.Modified
	p.s.setEndpoint(at+10*ms, recording.Endpoint{Pod: p.name, PodUID: "uid-" + p.name, Ready: p.ready || p.published, Serving: p.ready})
}

// becomesReady lets the container run and be Ready.
func (p *troubled) becomesReady(at time.Duration) *troubled {
	p.ready = true
	p.tell(at, recording.Container{Ready: true, Last: p.last})
	return p
}

// isBusy lets the readiness probe fail while the container runs.
func (p *troubled) isBusy(at time.Duration) *troubled {
	p.ready = false
	p.tell(at, recording.Container{Last: p.last})
	return p
}

// exits lets the container end, which shows 0.4 s later.
func (p *troubled) exits(at time.Duration) *troubled {
	p.ready = false
	p.last = &recording.Exit{Code: 1, Reason: "Error", FinishedAt: after(at).Truncate(time.Second)}
	p.tell(at+400*ms, recording.Container{Terminated: p.last})
	p.restarts++
	return p
}

// gap is a time in which the watch of the slices may have missed something.
func (s *scenario) gap(from, to time.Duration) {
	s.events = append(s.events, recording.Event{At: after(to), Gap: &recording.Gap{Resource: "endpointslices", From: after(from), To: after(to)}})
}

func refusedAt(at time.Duration) request {
	return request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
}

// endsLater is an old pod that ends in good order once the new one is Ready.
func endsLater() *death {
	return &death{deleted: 16200 * ms, left: 16220 * ms, killing: 16250 * ms, exited: 20250 * ms, gone: 21500 * ms, grace: 30 * second}
}

// replaced is a rollout in which web-4 is Ready at 15 s, after trouble, and web-1 then
// ends in good order.
func replaced(trouble func(*troubled)) *scenario {
	s := newScenario().pod("web-2", nil).pod("web-3", nil)
	p := s.fresh("web-4", 6*second)
	trouble(p)
	p.becomesReady(15 * second)
	s.pod("web-1", endsLater())
	s.traffic(0, 15100*ms, "web-1", "web-2", "web-3").traffic(15100*ms, 16200*ms, "web-1", "web-2", "web-3", "web-4")
	return s.traffic(16200*ms, 30*second, "web-2", "web-3", "web-4").steady(26 * second)
}

// beforeItIsReady are the ways in which a container ends whose pod was never Ready.
var beforeItIsReady = map[string]func(*troubled){
	"once":                func(p *troubled) { p.exits(7100 * ms) },
	"again and again":     func(p *troubled) { p.exits(6500 * ms).exits(7100 * ms).exits(12 * second) },
	"just before":         func(p *troubled) { p.exits(14500 * ms) },
	"by a liveness probe": func(p *troubled) { p.s.killing("web-4", 6900*ms); p.exits(7100 * ms) },
}

// A container that ends before its pod was ever Ready has no request that it could lose:
// nothing has to have met it, and it is no end of which a pass would tell.
func TestAContainerThatEndsBeforeItsPodIsReady(t *testing.T) {
	for name, trouble := range beforeItIsReady {
		t.Run(name, func(t *testing.T) {
			rep := replaced(trouble).analyze(t)
			if got := summary(rep); got != "passed" {
				t.Errorf("%s: %q", got, rep.Reasons)
			}
			if rep.Ends == nil || rep.Ends.Seen != 1 || !strings.Contains(rep.Reasons[0], "1 pod ended, nothing lost") || !slices.Equal(rep.Disruptions[0].Terminated, []string{"web-1"}) {
				t.Errorf("%+v, %q, %+v", rep.Ends, rep.Reasons, rep.Disruptions)
			}
			var said []string
			for _, w := range rep.Warnings {
				if w.Cause == report.Restarted {
					said = append(said, w.Text)
				}
			}
			if want := []string{"web-4 had a container that ended or was restarted before requests could come to the pod: none can be lost to that, but the pod became Ready the later for it"}; !slices.Equal(said, want) {
				t.Errorf("it warns %q", said)
			}
			for _, end := range rep.Terminations {
				if end.Container != "" && (!end.OutOfService || end.LeftSlice.Known() || end.Back.Known()) {
					t.Errorf("%+v", end)
				}
			}
		})
	}
}

// A run in which nothing else ended has shown nothing.
func TestNothingThatCouldLoseARequestEnded(t *testing.T) {
	s := newScenario().pod("web-1", nil).pod("web-2", nil).pod("web-3", nil)
	s.fresh("web-4", 6*second).exits(7100 * ms).becomesReady(15 * second)
	s.traffic(0, 15100*ms, "web-1", "web-2", "web-3").traffic(15100*ms, 30*second, "web-1", "web-2", "web-3", "web-4").steady(26 * second)
	if rep := s.analyze(t); rep.Verdict != report.Inconclusive || !strings.Contains(strings.Join(rep.Reasons, "; "), "restart ended no pod") {
		t.Errorf("%s: %q", rep.Verdict, rep.Reasons)
	}
}

// What old pods lose while a new one's container ends is theirs, whether answers name
// their pods or not.
func TestLossesOfOthersWhileAContainerEndsThatIsNotInService(t *testing.T) {
	for name, tt := range map[string]struct {
		lost request
		want string
	}{
		"turned away": {refusedAt(7300 * ms), "failed; 1 listener-closed-early (likely) [web-1] after the exit"},
		"cut":         {request{sent: 7040 * ms, took: 15 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}, "failed; 1 no-drain (likely) [web-1] at the exit"},
	} {
		for way, trouble := range beforeItIsReady {
			for _, named := range []bool{true, false} {
				t.Run(name+", "+way, func(t *testing.T) {
					d := abrupt()
					for _, when := range []*time.Duration{&d.deleted, &d.left, &d.killing, &d.exited, &d.gone} {
						*when += 800 * ms
					}
					s := newScenario().pod("web-2", nil).pod("web-3", nil)
					p := s.fresh("web-4", 6*second)
					trouble(p)
					p.becomesReady(15 * second)
					s.pod("web-1", d)
					s.traffic(0, 7050*ms, "web-1", "web-2", "web-3").traffic(7050*ms, 15100*ms, "web-2", "web-3").traffic(15100*ms, 30*second, "web-2", "web-3", "web-4")
					if !named {
						s.nameless()
					}
					if got := summary(s.request(tt.lost).steady(26 * second).analyze(t)); got != tt.want {
						t.Errorf("named %t:\n got %s\nwant %s", named, got, tt.want)
					}
				})
			}
		}
	}
}

// A container that ends in service, and again before its pod is Ready, is one outage: of
// it requests are lost until the proxies have followed, and once the pod is called ready
// again. Where it is the only pod they are lost meanwhile as well.
func TestAContainerThatEndsAgainBeforeItsPodIsBack(t *testing.T) {
	const restarted = "failed; 1 restarted (likely) [web-1] while its container was away"
	for name, tt := range map[string]struct {
		lost  request
		alone bool
		other *death
		want  string
	}{
		"nothing is lost":                {want: "passed"},
		"before it is out of the slices": {lost: refusedAt(7300 * ms), want: restarted},
		"while proxies may be late":      {lost: refusedAt(8800 * ms), want: restarted},
		"while single ones may be":       {lost: refusedAt(10 * second), want: "failed; 1 restarted (possible) [web-1] while its container was away"},
		"while it is out of the slices":  {lost: refusedAt(15100 * ms), want: "failed; 1 unknown () [] outside of any termination"},
		"while no other is there":        {lost: refusedAt(15100 * ms), alone: true, want: restarted},
		"once it is called ready again":  {lost: refusedAt(25050 * ms), want: restarted},
		"by another meanwhile":           {lost: refusedAt(16900 * ms), other: endsLater(), want: "failed; 1 listener-closed-early (likely) [web-3] between SIGTERM and exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario()
			others := []string{"web-2", "web-3"}
			if tt.alone {
				others = nil
			} else {
				s.pod("web-2", nil)
			}
			s.served("web-1").exits(7100 * ms).exits(7600 * ms).exits(9200 * ms).exits(15 * second).becomesReady(25 * second)
			if !tt.alone {
				s.pod("web-3", tt.other)
			}
			s.traffic(0, 7100*ms, append([]string{"web-1"}, others...)...)
			if !tt.alone {
				s.traffic(7100*ms, 16200*ms, others...).traffic(16200*ms, 25100*ms, "web-2")
			}
			s.traffic(25100*ms, 30*second, "web-1").steady(26 * second)
			if tt.lost.sent > 0 {
				s.request(tt.lost)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s; %q", got, tt.want, rep.Reasons)
			}
			if tt.other != nil {
				return
			}
			if rep.Ends == nil || rep.Ends.Seen != 1 || rep.Disruptions[0].Containers != 1 {
				t.Errorf("%+v, %+v", rep.Ends, rep.Disruptions)
			}
			for i, end := range rep.Terminations {
				if end.OutOfService != (i > 0) {
					t.Errorf("end %d: %+v", i, end)
				}
			}
			if told := countFunc(rep.Warnings, func(w report.Warning) bool { return w.Cause == report.Restarted }); tt.want == "passed" && told != 1 {
				t.Errorf("%d warnings in %+v", told, rep.Warnings)
			}
			first := rep.Terminations[0]
			if left, back := first.LeftSlice.From.Sub(began), first.Back.From.Sub(began); left != 7510*ms || back != 25010*ms {
				t.Errorf("out of the slices from %s to %s", left, back)
			}
		})
	}
}

// A pod that was Ready in between is in service when its container ends again.
func TestAContainerThatEndsAgainAfterItsPodWasReady(t *testing.T) {
	for name, tt := range map[string]struct {
		lost request
		want string
	}{
		"nothing is lost":   {want: "passed"},
		"at the first exit": {refusedAt(7300 * ms), "failed; 1 unknown () [] outside of any termination"},
		"at the second":     {refusedAt(18300 * ms), "failed; 1 restarted (likely) [web-4] while its container was away"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", nil).pod("web-2", nil)
			s.fresh("web-4", 6*second).exits(7100 * ms).becomesReady(10 * second).exits(18100 * ms).becomesReady(22 * second)
			s.traffic(0, 10100*ms, "web-1", "web-2").traffic(10100*ms, 18100*ms, "web-1", "web-2", "web-4")
			s.traffic(18100*ms, 22100*ms, "web-1", "web-2").traffic(22100*ms, 30*second, "web-1", "web-2", "web-4").steady(26 * second)
			if tt.lost.sent > 0 {
				s.request(tt.lost)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s; %q", got, tt.want, rep.Reasons)
			}
			first, second := rep.Terminations[0], rep.Terminations[1]
			if !first.OutOfService || first.LeftSlice.Known() || second.OutOfService || second.LeftSlice.From != after(18510*ms) || second.Back.From != after(22010*ms) {
				t.Errorf("%+v\n%+v", first, second)
			}
		})
	}
}

// Without a readiness probe a pod is called ready as soon as its container runs: what its
// process turns away when it ends is lost.
func TestAContainerThatEndsOfAPodWithoutAReadinessProbe(t *testing.T) {
	build := func() *scenario {
		s := newScenario().pod("web-1", nil).pod("web-2", nil)
		p := s.fresh("web-4", 6*second)
		p.observed.HasReadinessProbe = false
		p.becomesReady(6100 * ms).exits(7600 * ms).becomesReady(8500 * ms)
		return s.traffic(0, 8600*ms, "web-1", "web-2").traffic(8600*ms, 30*second, "web-1", "web-2", "web-4").steady(26 * second)
	}
	rep := build().request(refusedAt(7900 * ms)).analyze(t)
	if got, want := summary(rep), "failed; 1 restarted (likely) [web-4] while its container was away"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if rep := build().analyze(t); rep.Verdict != report.Inconclusive || rep.Terminations[0].OutOfService {
		t.Errorf("%s %+v", rep.Verdict, rep.Terminations)
	}
}

// A Service that publishes addresses which are not ready sends requests to a pod whatever
// becomes of its container, until that is Ready again.
func TestAContainerThatEndsWhereItsPodIsCalledReadyAllTheSame(t *testing.T) {
	for name, tt := range map[string]struct {
		lost time.Duration
		want string
	}{
		"at the exit":            {7300 * ms, "failed; 1 restarted (likely) [web-1] while its container was away"},
		"until it is back":       {14 * second, "failed; 1 restarted (likely) [web-1] while its container was away"},
		"long after it was back": {25 * second, "failed; 1 unknown () [] outside of any termination"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-2", nil).pod("web-3", nil)
			p := s.served("web-1")
			p.published = true
			p.exits(7100 * ms).becomesReady(15 * second)
			s.traffic(0, 30*second, "web-2", "web-3").nameless().steady(26 * second)
			rep := s.request(refusedAt(tt.lost)).analyze(t)
			if got := summary(rep); got != tt.want || rep.Terminations[0].OutOfService || rep.Terminations[0].LeftSlice.Known() {
				t.Errorf("\n got %s\nwant %s; %+v", got, tt.want, rep.Terminations)
			}
		})
	}
	t.Run("before it was ever Ready", func(t *testing.T) {
		s := newScenario().pod("web-2", nil).pod("web-3", nil)
		p := s.troubled("web-4", 6*second)
		p.published = true
		p.isBusy(6 * second).exits(7100 * ms).becomesReady(15 * second)
		s.traffic(0, 15100*ms, "web-2", "web-3").traffic(15100*ms, 30*second, "web-2", "web-3", "web-4").steady(26 * second)
		rep := s.request(refusedAt(7300 * ms)).analyze(t)
		if got, want := summary(rep), "failed; 1 not-ready-yet (likely) [web-4] before the first answer"; got != want || rep.Terminations[0].OutOfService {
			t.Errorf("\n got %s\nwant %s; %+v", got, want, rep.Terminations)
		}
	})
}

// Where the watch of the slices had a gap nothing is ruled out.
func TestAContainerThatEndsWhileTheSlicesAreNotKnown(t *testing.T) {
	build := func() *scenario {
		s := replaced(beforeItIsReady["once"])
		s.gap(6500*ms, 8*second)
		return s
	}
	if got, want := summary(build().request(refusedAt(7300*ms)).analyze(t)), "inconclusive; 1 restarted (likely) [web-4] while its container was away"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if rep := build().analyze(t); rep.Verdict != report.Inconclusive || rep.Terminations[0].OutOfService {
		t.Errorf("%s %+v", rep.Verdict, rep.Terminations)
	}
	s := replaced(beforeItIsReady["once"])
	s.gap(20*second, 21*second)
	if got := summary(s.analyze(t)); got != "passed" {
		t.Errorf("%s with a gap at another time", got)
	}
	s = replaced(beforeItIsReady["once"])
	s.events = slices.DeleteFunc(s.events, func(e recording.Event) bool { return e.Slice != nil })
	if rep := s.analyze(t); rep.Terminations[0].OutOfService {
		t.Errorf("without any slice: %+v", rep.Terminations[0])
	}
}

// A pod that its probe has taken out goes on serving the connections that it has, and its
// exit cuts them. New ones do not come to it any more, so that none has to have met it.
func TestAContainerThatEndsLongAfterItsPodWasTakenOut(t *testing.T) {
	kept := request{stream: "short-reused", sent: 20090 * ms, took: 30 * ms, served: 4, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	for name, tt := range map[string]struct {
		lost request
		want string
	}{
		"nothing is lost":             {want: "passed"},
		"cut on a kept connection":    {kept, "failed; 1 restarted (likely) [web-1] while its container was away"},
		"turned away on a new one":    {refusedAt(20300 * ms), "failed; 1 unknown () [] outside of any termination"},
		"once it is called ready":     {refusedAt(25050 * ms), "failed; 1 restarted (likely) [web-1] while its container was away"},
		"just after it was taken out": {refusedAt(8100 * ms), "failed; 1 unknown () [] outside of any termination"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-2", nil)
			s.served("web-1").isBusy(8 * second).exits(20100 * ms).becomesReady(25 * second)
			d := endsLater()
			s.pod("web-3", d)
			s.traffic(0, 8*second, "web-1", "web-2", "web-3").traffic(8*second, 16200*ms, "web-2", "web-3").traffic(16200*ms, 25100*ms, "web-2").traffic(25100*ms, 30*second, "web-1", "web-2").steady(26 * second)
			if tt.lost.sent > 0 {
				s.request(tt.lost)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s; %q", got, tt.want, rep.Reasons)
			}
			// It counts as an end if it lost something, beside that of web-3.
			if want := 1 + countFunc(rep.Findings, func(f report.Finding) bool { return f.Cause == report.Restarted }); rep.Ends.Seen != want {
				t.Errorf("%d ends were seen, want %d", rep.Ends.Seen, want)
			}
		})
	}
}

// A new pod whose container ended before it was Ready may be called ready too early all
// the same.
func TestAClosedPortOfANewPodWhoseContainerHadEnded(t *testing.T) {
	s := slowStart().scenario().nameless()
	before := &scenario{}
	for _, name := range []string{"web-4", "web-5", "web-6"} {
		before.fresh(name, 5200*ms).exits(5300 * ms)
	}
	pods := slices.DeleteFunc(before.events, func(e recording.Event) bool { return e.Slice != nil })
	s.events = append(pods, s.events...)
	if got, want := summary(s.analyze(t)), "failed; 197 not-ready-yet (likely) [web-4 web-5 web-6] before the first answer"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A pod that is not taken out for its container's end, which is back before anybody
// notices, leaves for another reason later: that is no part of the outage.
func TestALeaveThatIsNotForTheContainersEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		lost time.Duration
		want string
	}{
		"at the exit":    {7300 * ms, "failed; 1 restarted (likely) [web-1] while its container was away"},
		"long after it":  {12500 * ms, "failed; 1 unknown () [] outside of any termination"},
		"at its own end": {16900 * ms, "failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-2", nil).pod("web-3", nil).pod("web-1", endsLater())
			at := slices.IndexFunc(s.events, func(e recording.Event) bool {
				return e.Pod != nil && e.Pod.Name == "web-1" && e.Pod.DeletionTimestamp != nil
			})
			o := *s.events[at-2].Pod
			o.Containers = []recording.Container{{Name: "app", Ready: true, Restarts: 1, Last: &recording.Exit{Code: 1, FinishedAt: after(7 * second)}}}
			s.events = slices.Insert(s.events, at, recording.Event{At: after(7900 * ms), Pod: &o})
			s.traffic(0, 30*second, "web-2", "web-3").nameless().steady(26 * second)
			rep := s.request(refusedAt(tt.lost)).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if crash := rep.Terminations[0]; crash.Container != "app" || crash.OutOfService || crash.LeftSlice.Known() {
				t.Errorf("%+v", crash)
			}
		})
	}
}

// While it is out of the slices nothing is sent to the pod, however long its container is
// away.
func TestWhenRequestsAreSentToAPodWhoseContainerIsAway(t *testing.T) {
	crash := ending{Termination: report.Termination{Container: "app", Exited: at(after(7 * second)), LeftSlice: at(after(8 * second)), Back: at(after(25 * second))}}
	gone, unseen := crash, crash
	gone.OutOfService, unseen.unseen = true, true
	for name, tt := range map[string]struct {
		ending
		want []report.Interval
	}{
		"in service":           {crash, []report.Interval{{From: after(7 * second), To: after(8*second + looseProxyLag)}, {From: after(25*second - clockSlack), To: after(25*second + looseProxyLag)}}},
		"not in service":       {gone, nil},
		"what is not known of": {unseen, []report.Interval{{From: after(7 * second), To: after(25*second + looseProxyLag)}}},
	} {
		if got := (&termination{ending: tt.ending}).away(after(7 * second)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// An answer as gateways give it while only a container ends that is not in service shows
// that such answers come at any time.
func TestAGatewaysAnswerWhileAContainerEndsThatIsNotInService(t *testing.T) {
	s := gatewayPod(waiting(listening("front", 80, 0, 11*second), 5*second), listening("behind", 9000, 0, 6*second))
	s.fresh("web-4", 19*second).exits(20100 * ms)
	undisturbed(s)
	for _, at := range []time.Duration{7200 * ms, 20300 * ms} {
		s.request(answered(request{sent: at, took: ms}, 502))
	}
	if got, want := summary(s.analyze(t)), "failed; 2 unknown () [] outside of any termination"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A container that is begun anew at once may be called ready within the second in which
// the one before it ended: it was taken out in between. What a gap hides is not known.
func TestWhatTheSlicesTellOfAContainersEnd(t *testing.T) {
	spans := map[string][]readySpan{"uid": {{from: after(0), to: after(7500 * ms)}, {from: after(7900 * ms)}}}
	end := process{uid: "uid", started: after(0), end: report.Interval{From: after(7 * second), To: after(8 * second)}}
	e := &endpoints{seen: true, spans: spans}
	if i := e.interruption(end); i.left != at(after(7500*ms)) || i.back != at(after(7900*ms)) || !i.reached || !i.inRotation || i.unseen {
		t.Errorf("%+v", i)
	}
	e.gaps = []report.Interval{{From: after(7600 * ms), To: after(7700 * ms)}}
	if i := e.interruption(end); !i.unseen {
		t.Errorf("with a gap: %+v", i)
	}
	suspect := &suspect{termination: &termination{ending: ending{
		Termination: report.Termination{Container: "app", Exited: at(after(7 * second)), LeftSlice: at(after(8 * second)), Back: at(after(25 * second))},
	}}}
	lost := &examined{failure: &failure{Sample: recording.Sample{Scheduled: after(15 * second), Phase: recording.PhaseDial, Class: recording.ClassRefused}}}
	for unseen, want := range map[bool]strength{false: 0, true: closeFit} {
		suspect.unseen = unseen
		if got := (&explainer{endpoints: e}).reaches(lost, suspect); got != want {
			t.Errorf("unseen %t: %d, want %d", unseen, got, want)
		}
	}
}
