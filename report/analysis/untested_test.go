package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// slept is a pod that leaves as soon as SIGTERM comes, at 9.25 s, after a preStop
// sleep of 3 s.
func slept() *death {
	return &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms,
		grace: 30 * second, preStop: recording.PreStopSleep, sleep: 3 * second,
	}
}

// A pod that goes as soon as it is signalled may drain or not: where nothing was in
// flight then, that was not put to the test.
func TestADrainThatWasNotPutToTheTest(t *testing.T) {
	const untested = "web-1 exited within 310ms of SIGTERM, and no request is known to have been in flight then: whether the program answers such requests was not put to the test. " +
		"New ones may come for 1.5s after the stop has begun, and take up to 3.01s: longer than the preStop sleep of 3s. " +
		"See that the program answers what is in flight at SIGTERM, or sleep for 5 s."
	slow := func(s *scenario) { s.request(request{sent: 6200 * ms, took: 3010 * ms, pod: "web-1"}) }
	slowElsewhere := func(s *scenario) { s.request(request{sent: 6200 * ms, took: 3010 * ms, pod: "web-2"}) }
	with := func(change func(*death)) *death {
		d := slept()
		change(d)
		return d
	}
	tests := []struct {
		name  string
		with  *death
		other []func(*scenario)
		want  bool
	}{
		{"the last long answer ended just before SIGTERM", slept(), []func(*scenario){slow}, true},
		{"answers name nobody", slept(), []func(*scenario){slow, unlabeled}, true},
		{"all requests are short against what the sleep spares", slept(), nil, false},
		{"one was in flight at SIGTERM and was answered", slept(), []func(*scenario){slow, func(s *scenario) {
			s.request(request{sent: 9200 * ms, took: 170 * ms, pod: "web-1"})
		}}, false},
		{"one was in flight at SIGTERM and was answered, and new ones later still", slept(), []func(*scenario){slow, func(s *scenario) {
			s.request(request{sent: 9200 * ms, took: 170 * ms, pod: "web-1"}).probes("web-1", 6300*ms, 9550*ms)
		}}, true},
		{"short ones, of which one was in flight at each moment", slept(), []func(*scenario){slow, func(s *scenario) {
			for at := 9230 * ms; at < 9400*ms; at += 20 * ms {
				s.request(request{sent: at, took: 25 * ms, pod: "web-1"})
			}
		}}, false},
		{"short ones with a pause, in which SIGTERM may have come", slept(), []func(*scenario){slow, func(s *scenario) {
			for at := 9230 * ms; at < 9400*ms; at += 20 * ms {
				s.request(request{sent: at, took: 15 * ms, pod: "web-1"})
			}
		}}, true},
		{"one that came as SIGTERM may already have come shows nothing", slept(), []func(*scenario){slow, func(s *scenario) {
			s.request(request{sent: 9260 * ms, took: 100 * ms, pod: "web-1"})
		}}, true},
		{"another pod of the same ReplicaSet finished one", slept(), []func(*scenario){slow, func(s *scenario) {
			s.pod("web-4", lingering(0)).request(request{sent: 6 * second, took: second, pod: "web-4"})
		}}, false},
		{"the sleep outlasts arrivals and the longest request", with(func(d *death) { d.sleep, d.exited, d.gone = 5*second, 11260*ms, 12*second }), []func(*scenario){slow}, false},
		{"it stayed for a while", with(func(d *death) { d.exited, d.gone = 11500*ms, 12*second }), []func(*scenario){slow}, false},
		{"there is no sleep", with(func(d *death) { d.preStop, d.sleep, d.exited = "", 0, 6260*ms }), []func(*scenario){slowElsewhere}, false},
		{"the hook's length is not known", with(func(d *death) { d.preStop, d.sleep = recording.PreStopExec, 0 }), []func(*scenario){slow}, false},
		{"its node ended it", with(func(d *death) {
			*d = *evictedByNode()
			d.preStop, d.sleep, d.code = recording.PreStopSleep, 3*second, 1
		}), []func(*scenario){slowElsewhere}, false},
		{"when it exited is not known", with(func(d *death) { d.exited = 0 }), []func(*scenario){slow}, false},
		{"its exit cut one", slept(), []func(*scenario){slow, func(s *scenario) {
			s.request(request{sent: 9 * second, took: 260 * ms, connPod: "web-1", served: 1, phase: recording.PhaseFirstByte, class: recording.ClassReset})
		}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
			for _, other := range tt.other {
				other(s)
			}
			got := ""
			for _, w := range s.analyze(t).Warnings {
				if strings.Contains(w.Text, "put to the test") && w.Cause == report.NoDrain {
					got = w.Text
				}
			}
			if (got != "") != tt.want || tt.want && got != untested {
				t.Errorf("%q", got)
			}
		})
	}
}

// What no program can do is not asked of it: where its signal cannot be handled, that is
// to be changed first.
func TestADrainThatWasNotPutToTheTestUnderAnotherSignal(t *testing.T) {
	const killing = "The pod gets SIGKILL instead of SIGTERM (lifecycle.stopSignal, or the image's STOPSIGNAL), which no program can handle: take that out. "
	untested := func(pods, signal, change string) string {
		return pods + " exited within 310ms of " + signal + ", and no request is known to have been in flight then: whether the program answers such requests was not put to the test. " +
			"New ones may come for 1.5s after the stop has begun, and take up to 3.01s: longer than the preStop sleep of 3s. " + change + ", or sleep for 5 s."
	}
	const see = "See that the program answers what is in flight at "
	for name, tt := range map[string]struct{ first, second, want string }{
		"one that a program can handle": {"SIGUSR1", "SIGUSR1", untested("web-1, web-4", "SIGUSR1", see+"SIGUSR1")},
		"one that none can handle":      {"SIGKILL", "SIGKILL", untested("web-1, web-4", "SIGKILL", killing+see+"SIGTERM")},
		"two that a program can handle": {"SIGUSR1", "", untested("web-1, web-4", "the stop signal", see+"the stop signal")},
		"one of each":                   {"", "SIGKILL", untested("web-1, web-4", "the stop signal", killing+see+"SIGTERM")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", slept()).pod("web-2", nil).pod("web-3", nil).pod("web-4", slept()).signalled("web-1", tt.first).signalled("web-4", tt.second)
			rep := undisturbed(s).traffic(0, 6250*ms, "web-4").request(request{sent: 6200 * ms, took: 3010 * ms, pod: "web-3"}).analyze(t)
			if rep.Verdict != report.Passed || len(rep.Warnings) != 1 || rep.Warnings[0].Text != tt.want {
				t.Errorf("%s, %+v, want %q", rep.Verdict, rep.Warnings, tt.want)
			}
		})
	}
}

// On kept connections requests come until the signal. That an exit at once cut none shows
// something where it would have cut several.
func TestADrainOfKeptConnectionsThatWasNotPutToTheTest(t *testing.T) {
	run := func(each, took time.Duration) *report.Warning {
		d := slept()
		d.sleep, d.exited, d.gone = 5*second, 11260*ms, 12*second
		s := newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil).steady(14 * second)
		for at := time.Duration(0); at < 30*second; at += each {
			pod := []string{"web-1", "web-2", "web-3"}[int(at/each)%3]
			if at > 11*second && pod == "web-1" {
				pod = "web-2"
			}
			s.request(request{sent: at, pod: "web-2", took: ms})
			s.request(request{stream: "short-reused", sent: at, took: took, pod: pod, connPod: pod, served: 7})
		}
		for _, w := range s.analyze(t).Warnings {
			if strings.Contains(w.Text, "On connections that clients keep") {
				return &w
			}
		}
		return nil
	}
	switch w := run(20*ms, 10*ms); {
	case w == nil:
		t.Error("hardly any was under way, and nothing is said")
	case w.Cause != "" || !strings.HasPrefix(w.Text, "web-1 exited as soon as the stop signal came.") || !strings.Contains(w.Text, "(0.25 at all of these moments together)"):
		t.Errorf("%q: %s", w.Cause, w.Text)
	}
	if w := run(2*ms, 30*ms); w != nil {
		t.Errorf("five would have been cut: %s", w.Text)
	}
}
