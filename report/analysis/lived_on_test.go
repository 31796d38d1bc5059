package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// SIGKILL ends all processes at once, so that what a pod cut long before was cut by
// itself, however it ended.
func TestCutLongBeforeTheKill(t *testing.T) {
	cut := func(r request) request {
		r.phase, r.class = recording.PhaseFirstByte, recording.ClassEOF
		return r
	}
	tests := []struct {
		name string
		lost request
		want string
	}{
		{"at SIGTERM, by a worker", cut(request{sent: 5300 * ms, took: 1000 * ms, connPod: "web-1", served: 3}), "failed; 1 no-drain (likely) [web-1] between SIGTERM and exit"},
		{"on a new connection", cut(request{sent: 5300 * ms, took: 1000 * ms}), "failed; 1 no-drain (likely) [web-1] between SIGTERM and exit"},
		{"on a new connection, at another moment", cut(request{sent: 5300 * ms, took: 1200 * ms}), "failed; 1 no-drain (possible) [web-1] between SIGTERM and exit"},
		{"at the kill", cut(request{sent: 6300 * ms, took: 2960 * ms, connPod: "web-1", served: 3}), "failed; 1 grace-too-short (certain) [web-1] at the exit"},
		{"within the second of the kill", cut(request{sent: 6300 * ms, took: 2500 * ms, connPod: "web-1", served: 3}), "failed; 1 grace-too-short (likely) [web-1] between SIGTERM and exit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil)
			undisturbed(s)
			rep := s.request(tt.lost).analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			said := strings.Contains(rep.Findings[0].Fix.Text, "for a reload")
			if want := strings.Contains(tt.want, "no-drain"); said != want {
				t.Errorf("the fix is %s", rep.Findings[0].Fix.Text)
			}
			if exits := strings.Contains(rep.Findings[0].Says, "exits"); exits {
				t.Errorf("it did not exit, and the finding says: %s", rep.Findings[0].Says)
			}
			// With nothing left to answer for 2 s it had not been slow, but had not ended.
			warned := slices.ContainsFunc(rep.Warnings, func(w report.Warning) bool { return w.Cause == report.SigtermIgnored })
			if want := strings.Contains(tt.want, "no-drain"); warned != want {
				t.Errorf("the warnings are %v", rep.Warnings)
			}
		})
	}
}

// What is cut as a pod is signalled was that pod's, though one that had closed its door
// before, or had exited, might have turned it away.
func TestCutAsAnotherIsSignalled(t *testing.T) {
	later := func() *death {
		return &death{deleted: 8200 * ms, left: 8220 * ms, killing: 8250 * ms, exited: 16 * second, gone: 17 * second, grace: 20 * second}
	}
	for name, before := range map[string]*death{"exited": abrupt(), "drains": drained()} {
		for took, want := range map[time.Duration]string{
			1300 * ms: "1 no-drain (likely) [web-2] between SIGTERM and exit",
			1800 * ms: "1 no-drain (possible)",
		} {
			s := undisturbed(newScenario().pod("web-1", before).pod("web-2", later()).pod("web-3", nil))
			s.request(request{sent: 7 * second, took: took, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
			s.request(request{sent: 20 * second, took: 2 * second, pod: "web-3"})
			if got := summary(s.analyze(t)); !strings.Contains(got, want) {
				t.Errorf("%s, cut after %v\n got %s\nwant %s", name, took, got, want)
			}
		}
	}
}

// A pod that cut a request at SIGTERM took notice of it, for all that it goes on
// accepting: uWSGI starts new workers.
func TestOneThatCutsAndGoesOnTookNotice(t *testing.T) {
	s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil))
	s.request(request{sent: 5300 * ms, took: 1000 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	s.request(request{sent: 6800 * ms, took: 20 * ms, pod: "web-1"})
	for _, w := range s.analyze(t).Warnings {
		if strings.Contains(w.Text, "although no request was lost") {
			t.Errorf("%s: %s", w.Cause, w.Text)
		}
	}
}

// That a drain has a limit of its own shows in when it cuts requests, not in when the
// pod exits: Apache cuts at SIGTERM, and waits for its children then.
func TestALimitOfADrainShowsInTheCuts(t *testing.T) {
	for name, tt := range map[string]struct {
		sent, took time.Duration
		want       bool
	}{
		"cut by the exit, 3 s after SIGTERM": {6100 * ms, 3160 * ms, true},
		"cut at SIGTERM, 3 s before it":      {6000 * ms, 300 * ms, false},
	} {
		s := undisturbed(newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil))
		s.request(request{sent: tt.sent, took: tt.took, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		rep := s.analyze(t)
		if len(rep.Findings) != 1 || rep.Findings[0].Cause != report.NoDrain {
			t.Fatal(summary(rep))
		}
		if fix := rep.Findings[0].Fix.Text; strings.Contains(fix, "cut requests 3.01s after SIGTERM") != tt.want || strings.Contains(fix, "limits how long") != tt.want {
			t.Errorf("%s: %s", name, fix)
		}
	}
}
