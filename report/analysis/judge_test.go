package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// sound is a run in which one pod drains and nothing is lost.
func sound() *scenario {
	return undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil))
}

var (
	refused = request{sent: 6500 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	// masked is lost on a reused connection before the first byte.
	masked = request{stream: "short-reused", sent: 6900 * ms, took: ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	// stray is lost when nothing was ending.
	stray = request{sent: 20 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	ours  = request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassPorts, outcome: recording.ClientFault}
)

// timedOut hangs for its ten seconds, from just after the SIGTERM.
var timedOut = request{sent: 7050 * ms, took: 10 * second, phase: recording.PhaseFirstByte, class: recording.ClassTimeout}

// standStill lets the sending process not run for a time.
func (s *scenario) standStill(from, to time.Duration) {
	s.ending.Client = &recording.Client{Processors: 2, Stalls: []recording.Stall{{From: after(from), To: after(to)}}}
}

func TestVerdict(t *testing.T) {
	gap := func(from, to time.Duration) recording.Event {
		return recording.Event{At: after(to), Gap: &recording.Gap{Resource: "pods", From: after(from), To: after(to)}}
	}
	tests := []struct {
		name   string
		change func(*scenario)
		want   report.Verdict
		reason string
	}{
		{"nothing lost", func(*scenario) {}, report.Passed, "1 pod ended, nothing lost"},
		{"one lost", func(s *scenario) { s.request(refused) }, report.Failed, "1 of 2"},
		{"within the budget", func(s *scenario) { s.request(refused); s.header.Check.Budget.Failed = 1 }, report.Passed, "within the budget"},
		{"maskable is over the budget too", func(s *scenario) { s.request(masked) }, report.Failed, "maskable"},
		{"maskable has a budget of its own", func(s *scenario) { s.request(masked); s.header.Check.Budget.Maskable = 1 }, report.Passed, ""},
		{"that is for the maskable only", func(s *scenario) { s.request(refused); s.header.Check.Budget.Maskable = 1 }, report.Failed, ""},
		{"unexplained", func(s *scenario) { s.request(stray); s.header.Check.Budget.Failed = 1 }, report.Failed, "tied to no termination"},
		{"unexplained, but tolerated", func(s *scenario) {
			s.request(stray)
			s.header.Check.Budget = check.Budget{Failed: 1, Unattributed: 1}
		}, report.Passed, ""},

		{"the baseline failed", func(s *scenario) {
			s.request(request{sent: 2 * second, took: ms, phase: recording.PhaseDone, class: recording.ClassStatus, status: 500})
			s.request(refused)
		}, report.Inconclusive, "before anything was done"},
		{"nothing ended", func(s *scenario) { s.events = nil }, report.Inconclusive, "restart ended no pod"},
		{"nothing was done", func(s *scenario) { s.actions = s.actions[:2] }, report.Inconclusive, "nothing was done"},
		{"no baseline", func(s *scenario) { s.actions = s.actions[2:] }, report.Inconclusive, "nothing was sent in the baseline"},
		{"not steady", func(s *scenario) {
			s.actions = s.actions[:3]
			s.actions = append(s.actions, recording.Action{At: after(20 * second), Kind: recording.NotSteady, Disruption: 0, Detail: "web-9 is not Ready"})
		}, report.Inconclusive, "web-9 is not Ready"},
		{"it timed out while nobody was there to read", func(s *scenario) {
			s.request(timedOut)
			s.standStill(16*second, 17100*ms)
		}, report.Inconclusive, "1 request timed out while this machine stood still (for up to 1.1s)"},
		{"it timed out long after", func(s *scenario) {
			s.request(timedOut)
			s.standStill(8*second, 9*second)
		}, report.Failed, "1 of 2"},
		{"it was refused while nobody was there", func(s *scenario) {
			s.request(refused)
			s.standStill(6*second, 9*second)
		}, report.Failed, "1 of 2"},
		{"another was lost for certain", func(s *scenario) {
			s.request(timedOut).request(refused)
			s.standStill(16*second, 17100*ms)
		}, report.Failed, "2 of 2"},
		{"the control was caught", func(s *scenario) { s.header.Control = &recording.ControlResult{Caught: true} }, report.Passed, ""},
		{"the control was not caught", func(s *scenario) {
			s.header.Control = &recording.ControlResult{Why: "nothing was lost"}
		}, report.Inconclusive, "the control, a service that drops requests, was not caught: nothing was lost"},
		{"lost, though the control was not", func(s *scenario) { s.header.Control = &recording.ControlResult{}; s.request(refused) }, report.Failed, "1 of 2"},
		{"cut off", func(s *scenario) { s.ending = nil }, report.Inconclusive, "no end"},
		{"interrupted", func(s *scenario) { s.ending.Interrupted = true }, report.Inconclusive, "stopped before its end"},
		{"interrupted after a loss", func(s *scenario) { s.ending.Interrupted = true; s.request(refused) }, report.Failed, "1 of 2"},
		{"not carried out", func(s *scenario) { s.ending.Error = "the disk is full" }, report.Inconclusive, "the disk is full"},
		{"load not achieved", func(s *scenario) {
			s.ending.Streams = []recording.StreamEnd{{Name: "short-new", Scheduled: 1416, Sent: 1388}}
		}, report.Inconclusive, "98.02 requests per second were sent, 100 were wanted"},
		{"load nearly achieved", func(s *scenario) {
			s.ending.Streams = []recording.StreamEnd{{Name: "short-new", Scheduled: 1395, Sent: 1388}}
		}, report.Passed, ""},
		{"late", func(s *scenario) {
			for i := range s.samples {
				s.samples[i].Sent = 60 * ms
			}
		}, report.Inconclusive, "went out late"},
		{"client faults", func(s *scenario) { s.request(ours) }, report.Inconclusive, "client's own side"},
		{"client faults beside a loss that is explained", func(s *scenario) { s.request(ours); s.request(refused) }, report.Failed, ""},
		{"client faults beside a loss that is not", func(s *scenario) { s.request(ours); s.request(stray) }, report.Inconclusive, "cannot tell"},
		{"the watch had a gap around the loss", func(s *scenario) {
			s.request(refused)
			s.events = append(s.events, gap(6*second, 7*second))
		}, report.Inconclusive, "cannot tell"},
		{"the watch had a gap elsewhere", func(s *scenario) {
			s.request(refused)
			s.events = append(s.events, gap(15*second, 16*second))
		}, report.Failed, ""},
		{"an ended pod without traffic of a stream", func(s *scenario) {
			kept := s.samples[:0]
			for _, sample := range s.samples {
				if sample.Stream != "short-reused" || sample.Pod != "web-1" {
					kept = append(kept, sample)
				}
			}
			s.samples = kept
		}, report.Inconclusive, "short-reused had no request answered by web-1"},
		{"answers that name no pod prove less, but enough", func(s *scenario) {
			for i := range s.samples {
				s.samples[i].Pod, s.samples[i].ConnPod = "", ""
			}
		}, report.Passed, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sound()
			tt.change(s)
			rep := s.analyze(t)
			if reasons := strings.Join(rep.Reasons, "; "); rep.Verdict != tt.want || !strings.Contains(reasons, tt.reason) {
				t.Errorf("got %s (%s), want %s (%s)", rep.Verdict, reasons, tt.want, tt.reason)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	slow := killed()
	slow.preStop, slow.sleep = recording.PreStopSleep, 2*second
	brief := drained()
	brief.exited, brief.gone = 7500*ms, 8500*ms
	tests := []struct {
		name  string
		with  *death
		after func(*scenario)
		want  []string
	}{
		{"in good order, but without time for the proxies", drained(), nil, []string{"listener-closed-early: web-1 got SIGTERM less than 1s after"}},
		{"in good order, and accepting until the proxies knew", drained(), func(s *scenario) {
			s.request(request{sent: 6400 * ms, took: 20 * ms, pod: "web-1"})
		}, nil},
		{"in good order, and accepting for a while", brief, func(s *scenario) {
			s.request(request{sent: 6400 * ms, took: 20 * ms, pod: "web-1"})
		}, []string{"listener-closed-early: web-1 got SIGTERM less than 1s after"}},
		{"in good order, and serving what it had", drained(), func(s *scenario) {
			s.request(request{sent: 6400 * ms, took: 20 * ms, pod: "web-1", served: 3})
		}, []string{"listener-closed-early: web-1 got SIGTERM less than 1s after"}},
		{"killed with nothing left to answer", killed(), nil, []string{"sigterm-ignored: web-1 took no notice"}},
		{"killed while it answered", killed(), func(s *scenario) {
			s.request(request{sent: 6240 * ms, took: 2900 * ms, pod: "web-1"})
		}, []string{"grace-too-short: web-1 still ran"}},
		{"killed after a hook that left it a second", slow, nil, []string{"prestop-eats-grace: web-1 still ran"}},
		{"a crash that nobody noticed", nil, func(s *scenario) {
			s.crash("web-1", 7*second, 9*second, recording.Exit{Code: 1, Reason: "Error"})
		}, []string{"restarted: web-1 had a container"}},
		{"what preflight noticed", drained(), func(s *scenario) {
			s.header.Workload.Warnings = []string{"it is paused"}
		}, []string{": it is paused", "listener-closed-early: "}},
		{"an autoscaler put the replicas back", drained(), func(s *scenario) {
			s.takenBack("HorizontalPodAutoscaler web set the replicas to 3 again")
			s.takenBack("HorizontalPodAutoscaler web set the replicas to 3 again")
		}, []string{": HorizontalPodAutoscaler web set the replicas to 3 again, before the run did", "listener-closed-early: "}},
		{"any certificate is taken", drained(), func(s *scenario) {
			s.header.Check.Target.TLS = &check.TLS{InsecureSkipVerify: true}
		}, []string{": certificates were not verified", "listener-closed-early: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil)
			undisturbed(s)
			if tt.after != nil {
				tt.after(s)
			}
			rep := s.analyze(t)
			if rep.Verdict != report.Passed || len(rep.Warnings) != len(tt.want) {
				t.Fatalf("%s (%v) %+v", rep.Verdict, rep.Reasons, rep.Warnings)
			}
			for i, w := range rep.Warnings {
				if text := string(w.Cause) + ": " + w.Text; !strings.HasPrefix(text, tt.want[i]) {
					t.Errorf("got %q, want %q...", text, tt.want[i])
				}
			}
		})
	}
}

// A report's disruption tells who put it back, whether that was the run or somebody else.
func TestTakenBackIsToldOfItsDisruption(t *testing.T) {
	const detail = "HorizontalPodAutoscaler web set the replicas to 3 again"
	s := undisturbed(newScenario().pod("web-1", nil))
	s.takenBack(detail)
	if d := s.analyze(t).Disruptions[0]; !slices.Equal(d.Restored, []string{detail}) {
		t.Errorf("got %+v", d)
	}
}

func TestSmallestOutageSeen(t *testing.T) {
	tests := []struct {
		rate float64
		pods int
		want time.Duration
	}{
		{100, 1, 10 * ms},
		{100, 3, 114 * ms}, // ln 0.01 / ln (2/3) = 11.36 requests
		{1000, 3, 11 * ms},
		{0, 3, 0},
	}
	for _, tt := range tests {
		stream := check.Stream{Rate: tt.rate, Connections: check.New}
		if got := time.Duration(smallestOutageSeen(stream, 0, tt.pods)); got != tt.want {
			t.Errorf("%g/s on %d pods: %s, want %s", tt.rate, tt.pods, got, tt.want)
		}
	}
}

// Each sender keeps a connection of its own, however small the pool.
func TestSmallestOutageSeenBySenders(t *testing.T) {
	stream := check.Stream{Rate: 100, Connections: check.Reused, Pool: 4}
	for senders, want := range map[int]time.Duration{0: 0, 11: 0, 12: 114 * ms} {
		if got := time.Duration(smallestOutageSeen(stream, senders, 3)); got != want {
			t.Errorf("%d senders: %s, want %s", senders, got, want)
		}
	}
}

// Where no request of a stream was answered an outage would have looked the same.
func TestNoOutageIsSeenWithoutAnswers(t *testing.T) {
	const answering, lost, unsent = "short-reused", "short-new", "idle"
	s := newScenario().pod("web-1", drained()).pod("web-2", nil).steady(12 * second)
	s.header.Check.Streams = append(s.header.Check.Streams, check.Stream{Name: unsent, Rate: 100, Connections: check.New})
	s.request(request{stream: answering, sent: second, took: ms, pod: "web-2", served: 1})
	s.request(request{stream: lost, sent: 20 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	power := s.analyze(t).Power
	if power[answering] == 0 || power[lost] != 0 || power[unsent] != 0 {
		t.Errorf("got %v, want one of %s alone", power, answering)
	}
}

// Where nothing ended, or the service failed requests before that, no end's outage could
// be seen.
func TestNoOutageIsSeenWithoutAnEnd(t *testing.T) {
	calm := newScenario().pod("web-1", nil).pod("web-2", nil).traffic(0, 30*second, "web-1", "web-2").steady(12 * second)
	unclean := sound().request(request{sent: second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	for name, s := range map[string]*scenario{"nothing ended": calm, "failed in the baseline": unclean} {
		if power := s.analyze(t).Power; len(power) > 0 {
			t.Errorf("%s: got %v", name, power)
		}
	}
	if power := sound().analyze(t).Power; len(power) == 0 {
		t.Error("no power of a run in which a pod ended")
	}
}
