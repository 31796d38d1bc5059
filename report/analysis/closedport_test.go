package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// nameless is the scenario with answers that name no pods, of a URL that is known to
// lead to the service of these pods.
func (s *scenario) nameless() *scenario {
	for i := range s.samples {
		s.samples[i].Pod, s.samples[i].ConnPod = "", ""
	}
	s.header.Workload.ServesURL = true
	return s
}

// slowStart is a rollout of pods whose port opens 6 s after they are called ready, by a
// probe of another port, while the old ones drain well.
func slowStart() rollout {
	return rollout{old: drained, serves: 6 * second, every: 4, from: 6150 * ms, to: 14 * second}
}

// Where answers name no pods, the refusals tell of a new one whose port is closed.
func TestAClosedPortOfANewPodThatNoAnswerNames(t *testing.T) {
	const tooSoon = "failed; 197 not-ready-yet (likely) [web-4 web-5 web-6] before the first answer"
	unprobed := slowStart()
	unprobed.unprobed = true
	for name, r := range map[string]rollout{"a probe of another port": slowStart(), "no probe": unprobed} {
		t.Run(name, func(t *testing.T) {
			rep := r.scenario().nameless().analyze(t)
			if got := summary(rep); got != tooSoon {
				t.Errorf("\n got %s\nwant %s", got, tooSoon)
			}
		})
	}
}

// Without names nothing is claimed of a new pod where something else may have refused.
func TestAClosedPortThatNeedNotBeANewPods(t *testing.T) {
	begunBefore := slowStart()
	begunBefore.from = 4 * second
	begunLate := slowStart()
	begunLate.from = 12 * second
	few := slowStart()
	few.every = 20
	neverOpens := slowStart()
	neverOpens.to = 30 * second
	abruptly := slowStart()
	abruptly.old, abruptly.from, abruptly.to = abrupt, 6270*ms, 9200*ms
	cut := slowStart()
	cut.lost = request{took: 500 * ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	podsOwn := slowStart()
	podsOwn.lost = request{phase: recording.PhaseDial, class: recording.ClassRefused, address: "10.0.1.4:8080"}
	for name, tt := range map[string]struct {
		rollout
		change func(*scenario)
	}{
		"it was refused before it came":      {rollout: begunBefore},
		"it was refused long after it came":  {rollout: begunLate},
		"too few for one pod":                {rollout: few},
		"it never stops":                     {rollout: neverOpens},
		"old pods that leave at once":        {rollout: abruptly},
		"what is cut":                        {rollout: cut},
		"an address of a pod's own":          {rollout: podsOwn},
		"a URL that may lead anywhere":       {slowStart(), func(s *scenario) { s.header.Workload.ServesURL = false }},
		"a proxy in front":                   {slowStart(), func(s *scenario) { s.header.Check.Target.Proxy = true }},
		"the service of other pods in front": {slowStart(), func(s *scenario) { s.header.Check.Target.Service = "front" }},
		"a probe that has connected to it":   {slowStart(), func(s *scenario) { s.probesPort("web-4", "web-5", "web-6") }},
		"new pods that crash as they start": {slowStart(), func(s *scenario) {
			for _, pod := range []string{"web-4", "web-5", "web-6"} {
				s.crash(pod, 13*second, 18*second, recording.Exit{Code: 1, Reason: "Error"})
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := tt.scenario().nameless()
			if tt.change != nil {
				tt.change(s)
			}
			for _, f := range s.analyze(t).Findings {
				if f.Cause == report.NotReadyYet {
					t.Errorf("%d %s (%s) %v", f.Failed, f.Cause, f.Confidence, f.Pods)
				}
			}
		})
	}
}

// A pod of another node than the one that is asked is sent nothing.
func TestAClosedPortIsNoPodsOfAnotherNode(t *testing.T) {
	s := slowStart().scenario().nameless()
	s.header.Workload.LocalNode = "192.0.2.1"
	for _, e := range s.events {
		if e.Pod != nil {
			e.Pod.HostIP = "192.0.2.1"
			if e.Pod.Name == "web-6" {
				e.Pod.HostIP = "192.0.2.2"
			}
		}
	}
	want := "failed; 197 not-ready-yet (likely) [web-4 web-5] before the first answer"
	if got := summary(s.analyze(t)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// probesPort lets the readiness probes of pods ask the port that requests come to.
func (s *scenario) probesPort(pods ...string) {
	s.header.Workload.TargetPorts = []string{"8080"}
	for _, pod := range pods {
		s.made(pod, recording.Container{Name: "app", ReadinessPort: 8080})
	}
}

// A pod that had left its slice long before it was told to stop is sent no new
// connections any more, but where its answers show that proxies are that late.
func TestAPodThatHadLeftLongBeforeItStopped(t *testing.T) {
	for name, tt := range map[string]struct {
		sleep, answers time.Duration
		address        string
		want           report.Confidence
	}{
		"longer ago than proxies take":                            {sleep: 3 * second, want: report.Possible},
		"no longer ago than they may take":                        {sleep: 2 * second, want: report.Likely},
		"longer ago, and it still answered on a new connection":   {sleep: 3 * second, answers: 8800 * ms, want: report.Likely},
		"longer ago, and requests are sent to its address itself": {sleep: 3 * second, address: "10.0.0.1:8080", want: report.Certain},
	} {
		t.Run(name, func(t *testing.T) {
			d := drained()
			d.preStop, d.sleep = recording.PreStopSleep, tt.sleep
			d.exited = d.killing + tt.sleep + 2*second
			d.gone = d.exited + second
			s := newScenario().pod("web-1", d).pod("web-2", nil).traffic(0, 20*second, "web-2")
			if tt.answers > 0 {
				s.request(request{sent: tt.answers, pod: "web-1"})
			}
			s.request(request{sent: d.killing + tt.sleep + 60*ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused, address: tt.address})
			rep := s.steady(26 * second).analyze(t)
			if len(rep.Findings) != 1 || rep.Findings[0].Cause != report.ListenerClosedEarly || rep.Findings[0].Confidence != tt.want {
				t.Error(summary(rep))
			}
		})
	}
}
