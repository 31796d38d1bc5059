package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The run that sends SIGTERM to a container knows when it did: what the program turns
// away from then until it exits, once it has answered what it had, is its doing.
func TestAKillByTheRunIsASIGTERMOfAKnownMoment(t *testing.T) {
	s := newScenario().pod("web-1", nil).pod("web-2", nil).pod("web-3", nil)
	s.crash("web-1", 10*second, 12*second, recording.Exit{Code: 0, Reason: "Completed"}).asks("kill", "web-1", 7*second)
	s.traffic(0, 7*second, "web-1", "web-2", "web-3").traffic(7*second, 12500*ms, "web-2", "web-3").traffic(12500*ms, 30*second, "web-1", "web-2", "web-3").steady(13 * second)
	for at := 7100 * ms; at < 10*second; at += 300 * ms {
		s.request(request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	}
	rep := s.analyze(t)
	if got, want := summary(rep), "failed; 10 killed (likely) [web-1] while its container was away"; got != want {
		t.Fatalf("\n got %s\nwant %s", got, want)
	}
	if told := strings.Join(rep.Findings[0].Evidence, "; "); !strings.Contains(told, "by the signal of this run, SIGTERM at 12:00:07.000") {
		t.Error(told)
	}
	if fix := rep.Findings[0].Fix.Text; strings.Contains(fix, "no time") || !strings.Contains(fix, "sent SIGTERM to a container while its pod was in service") {
		t.Error(fix)
	}
}
