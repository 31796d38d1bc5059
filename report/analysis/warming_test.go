package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A new pod that answers some requests with errors at first, and none later, was called
// ready too soon. One that does so now and then has a fault of its own.
func TestANewPodThatWarmsUp(t *testing.T) {
	run := func(t *testing.T, errors ...time.Duration) (string, string) {
		t.Helper()
		s := undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)).newcomer("web-8", 10*second, true)
		for at := 10100 * ms; at < 29*second; at += 100 * ms {
			s.request(request{sent: at, pod: "web-8"})
		}
		for _, at := range errors {
			s.request(request{sent: at, pod: "web-8", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503})
		}
		rep := s.analyze(t)
		return summary(rep), strings.Join(rep.Findings[0].Evidence, "\n")
	}
	early := []time.Duration{10500 * ms, 11 * second, 11500 * ms, 12 * second, 13 * second}
	got, evidence := run(t, early...)
	if want := "5 not-ready-yet (likely) [web-8] after the first answer"; !strings.Contains(got, want) || !strings.Contains(evidence, ", errors beside others until 3.0") {
		t.Errorf("errors until it was warm: %s\n%s", got, evidence)
	}
	if got, _ := run(t, append(early, 10050*ms)...); !strings.Contains(got, "5 not-ready-yet (likely) [web-8] after the first answer; 1 not-ready-yet (certain) [web-8] before the first answer") {
		t.Errorf("one before its first answer: %s", got)
	}
	if got, _ := run(t, early[:4]...); !strings.Contains(got, "4 unknown") {
		t.Errorf("too few to tell: %s", got)
	}
	if got, _ := run(t, append(early, 25*second)...); !strings.Contains(got, "6 unknown") {
		t.Errorf("now and then: %s", got)
	}
}

// Where no answer names its pod, errors that come when one pod alone is new, are no more
// than go to one, and cease, are most likely that pod's.
func TestANewPodThatWarmsUpUnnamed(t *testing.T) {
	every := func(from, to, step time.Duration) (all []time.Duration) {
		for at := from; at < to; at += step {
			all = append(all, at)
		}
		return all
	}
	const came = 14 * second
	closely, loosely := every(came+100*ms, came+2*second, 50*ms), every(came+100*ms, came+2*second, 300*ms)
	for name, tt := range map[string]struct {
		errors []time.Duration
		change func(*scenario)
		want   string
	}{
		"as many as go to one pod":           {errors: closely, want: "38 not-ready-yet (likely) [web-8] after a new pod was called ready"},
		"fewer":                              {errors: loosely, want: "7 not-ready-yet (possible) [web-8] after a new pod was called ready"},
		"too few to tell":                    {errors: loosely[:4], want: "4 unknown"},
		"more than go to one pod":            {errors: every(came+100*ms, came+2*second, 10*ms), want: "190 unknown"},
		"they go on":                         {errors: append(every(came+8*second, came+9*second, 100*ms), closely...), want: "48 unknown"},
		"they came without a new pod, too":   {errors: append([]time.Duration{11 * second}, closely...), want: "39 unknown"},
		"another pod was new as well":        {errors: closely, change: func(s *scenario) { s.newcomer("web-9", came+time.Second, true) }, want: "38 unknown"},
		"another had been so shortly before": {errors: closely, change: func(s *scenario) { s.newcomer("web-9", came-2*second, true) }, want: "38 unknown"},
		"another came long before":           {errors: closely, change: func(s *scenario) { s.newcomer("web-9", came-5*second, true) }, want: "38 not-ready-yet (likely) [web-8]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)).newcomer("web-8", came, true).nameless()
			if tt.change != nil {
				tt.change(s)
			}
			for _, at := range tt.errors {
				s.request(request{sent: at, phase: recording.PhaseDone, class: recording.ClassStatus, status: 500})
			}
			rep := s.analyze(t)
			if got := summary(rep); !strings.Contains(got, tt.want) {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			const evidence = "answers name no pod, but these are no more than go to one, and no other was new then"
			if got := strings.Join(rep.Findings[0].Evidence, "\n"); strings.Contains(got, evidence) != strings.Contains(tt.want, "not-ready-yet") {
				t.Error(got)
			}
		})
	}
}
