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
