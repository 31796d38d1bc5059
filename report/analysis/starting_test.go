package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// rollout replaces three pods, a second apart: each new one is called ready by a probe
// just before an old one is deleted.
type rollout struct {
	old func() *death
	// serves is how long after being called ready a new pod first answers.
	serves time.Duration
	// lost lets every fresh request of so many be turned away, from a moment to another.
	every    int
	from, to time.Duration
	// lost is how they are; refused unless given.
	lost      request
	otherwise []request
	unprobed  bool
}

// scenario lets a fresh request out every 10 ms, as the check's rate has it. web-7 goes
// on serving throughout.
func (r rollout) scenario() *scenario {
	s := newScenario()
	for i, name := range []string{"web-1", "web-2", "web-3"} {
		d, by := r.old(), time.Duration(i)*second
		for _, when := range []*time.Duration{&d.deleted, &d.left, &d.killing, &d.exited, &d.gone} {
			*when += by
		}
		s.pod(name, d)
	}
	for i, name := range []string{"web-4", "web-5", "web-6"} {
		s.newcomer(name, 6100*ms+time.Duration(i)*second, !r.unprobed)
	}
	pods := func(at time.Duration) []string {
		var serving []string
		for i, name := range []string{"web-1", "web-2", "web-3"} {
			if at < 6200*ms+time.Duration(i)*second {
				serving = append(serving, name)
			}
		}
		for i, name := range []string{"web-4", "web-5", "web-6"} {
			if at >= 6110*ms+time.Duration(i)*second+r.serves {
				serving = append(serving, name)
			}
		}
		return append(serving, "web-7")
	}
	s.pod("web-7", nil)
	n := 0
	for at := time.Duration(0); at < 30*second; at += 10 * ms {
		n++
		serving := pods(at)
		pod := serving[n%len(serving)]
		s.request(request{stream: "short-reused", sent: at + 5*ms, pod: pod, connPod: pod, served: 7})
		if at >= r.from && at < r.to && n%r.every == 0 {
			lost := request{phase: recording.PhaseDial, class: recording.ClassRefused}
			if r.lost.class != "" {
				lost = r.lost
			}
			lost.sent, lost.took = at, max(ms, lost.took)
			s.request(lost)
			continue
		}
		s.request(request{sent: at, pod: pod})
	}
	for _, other := range r.otherwise {
		s.request(other)
	}
	return s.steady(26 * second)
}

// Between an old pod that has left and a new one that no port answers on yet, the
// traffic decides: the new one's requests are turned away for longer than any proxy
// goes on sending to an old one, and as many as go to one pod.
func TestANewPodThatIsReadyTooSoonInARollout(t *testing.T) {
	slow := []request{{sent: 6150 * ms, took: 108 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}}
	soon := func() *death { // well, but sooner than drained
		d := drained()
		d.exited, d.gone = 8250*ms, 9500*ms
		return d
	}
	tests := []struct {
		name string
		rollout
		want string
		// fix is what the fix of new pods says, among other things.
		fix string
	}{
		{
			"a probe of another port, and old pods that drain well",
			rollout{old: drained, serves: 6 * second, every: 4, from: 6150 * ms, to: 14 * second},
			"failed; 197 not-ready-yet (likely) [web-4 web-5 web-6] before the first answer",
			"the port that requests come to",
		},
		{
			"a probe of another port, and old pods that are gone when some are turned away",
			rollout{old: soon, serves: 6 * second, every: 4, from: 6150 * ms, to: 14 * second},
			"failed; 197 not-ready-yet (likely) [web-4 web-5 web-6] before the first answer",
			"the port that requests come to",
		},
		{
			"a probe that tells the truth, and old pods that leave at once",
			rollout{old: abrupt, serves: 300 * ms, every: 4, from: 6270 * ms, to: 9200 * ms},
			"failed; 74 listener-closed-early (likely) [web-1 web-2 web-3] after the exit",
			"",
		},
		{
			"new pods that nobody sends to for long, and old ones that leave at once",
			rollout{old: abrupt, serves: 8 * second, every: 20, from: 6270 * ms, to: 9200 * ms},
			"failed; 15 listener-closed-early (likely) [web-1 web-2 web-3] after the exit",
			"",
		},
		{
			"proxies that are late with the new pods and with the old ones alike",
			rollout{old: abrupt, serves: 3500 * ms, every: 4, from: 6270 * ms, to: 9700 * ms},
			"failed; 86 listener-closed-early (likely) [web-1 web-2 web-3] after the exit",
			"",
		},
		{
			"both: which of them is not known",
			rollout{old: abrupt, serves: 6 * second, every: 4, from: 6600 * ms, to: 7050 * ms, unprobed: true},
			"failed; 11 not-ready-yet (possible) [web-1 web-4] before the first answer",
			"Add a readiness probe",
		},
		{
			"both, and a request that the exit cut",
			rollout{old: abrupt, serves: 6 * second, every: 4, otherwise: slow, unprobed: true},
			"failed; 1 no-drain (likely) [web-1] at the exit",
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := tt.scenario().analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if tt.fix == "" {
				return
			}
			if fix := fixOf(t, rep, report.NotReadyYet); !strings.Contains(fix.Text, tt.fix) {
				t.Errorf("it says %q", fix.Text)
			}
		})
	}
}

// Proxies that are late by more than looseProxyLag send nothing to a new pod, and go on
// sending to an old one that is gone: its refusals say nothing of the new one, whatever
// its probe had asked.
func TestProxiesThatAreVeryLateAreNotANewPodThatIsReadyTooSoon(t *testing.T) {
	r := rollout{old: abrupt, serves: 6 * second, every: 4, from: 6270 * ms, to: 10 * second}
	for _, f := range r.scenario().analyze(t).Findings {
		if f.Cause == report.NotReadyYet {
			t.Errorf("%d %s (%s)", f.Failed, f.Cause, f.Confidence)
		}
	}
}

// A port that a readiness probe has connected to refuses nothing; an exec probe, one of
// another port, or one whose port is not known shows no listener.
func TestAPortThatTheReadinessProbeHasConnectedTo(t *testing.T) {
	const tooSoon = "failed; 197 not-ready-yet (likely) [web-4 web-5 web-6] before the first answer"
	http := []recording.Port{{Name: "http", Number: 8080}}
	refused := request{phase: recording.PhaseDial, class: recording.ClassRefused}
	for name, tt := range map[string]struct {
		containers []recording.Container
		targets    []string
		lost       request
		listened   bool
	}{
		"the same one, by number":         {[]recording.Container{{Name: "app", ReadinessPort: 8080}}, []string{"8080"}, refused, true},
		"the same one, by name":           {[]recording.Container{{Name: "app", ReadinessPort: 8080, Ports: http}}, []string{"http"}, refused, true},
		"another container's":             {[]recording.Container{{Name: "app", Ports: http}, {Name: "proxy", ReadinessPort: 8080}}, []string{"http"}, refused, true},
		"another port":                    {[]recording.Container{{Name: "app", ReadinessPort: 9090, Ports: http}}, []string{"http"}, refused, false},
		"one of two":                      {[]recording.Container{{Name: "app", ReadinessPort: 8080}}, []string{"8080", "9090"}, refused, false},
		"a name that nobody declares":     {[]recording.Container{{Name: "app", ReadinessPort: 8080}}, []string{"http"}, refused, false},
		"a command":                       {[]recording.Container{{Name: "app", Ports: http}}, []string{"http"}, refused, false},
		"no Service that tells its port":  {[]recording.Container{{Name: "app", ReadinessPort: 8080}}, nil, refused, false},
		"the same one, which cuts":        {[]recording.Container{{Name: "app", ReadinessPort: 8080}}, []string{"8080"}, request{took: 500 * ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}, true},
		"another port, and those are cut": {[]recording.Container{{Name: "app", ReadinessPort: 9090}}, []string{"8080"}, request{took: 500 * ms, phase: recording.PhaseFirstByte, class: recording.ClassReset}, true},
		"the same one, which hangs":       {[]recording.Container{{Name: "app", ReadinessPort: 8080}}, []string{"8080"}, request{phase: recording.PhaseFirstByte, class: recording.ClassTimeout}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := rollout{old: drained, serves: 6 * second, every: 4, from: 6150 * ms, to: 14 * second, lost: tt.lost}
			s := r.scenario()
			s.header.Workload.TargetPorts = tt.targets
			for _, pod := range []string{"web-4", "web-5", "web-6"} {
				s.made(pod, tt.containers...)
			}
			rep := s.analyze(t)
			if tt.lost.phase == recording.PhaseFirstByte && !tt.listened && !strings.Contains(fixOf(t, rep, report.NotReadyYet).Text, "fail until the program can answer") {
				t.Errorf("it says %q", fixOf(t, rep, report.NotReadyYet).Text)
			}
			if got := summary(rep); (got == tooSoon) == tt.listened || tt.listened && strings.Contains(got, string(report.NotReadyYet)) {
				t.Error(got)
			}
		})
	}
}
