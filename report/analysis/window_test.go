package analysis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// measured tells that pods answer on their own addresses; why is why they do not.
func (s *scenario) measured(why string) *scenario {
	kind := recording.WindowMeasured
	if why != "" {
		kind = recording.WindowUnmeasured
	}
	s.actions = append(s.actions, recording.Action{At: after(4900 * ms), Kind: kind, Disruption: recording.NoDisruption, Detail: why})
	return s
}

// ways in which a probe may end.
var (
	turned        = request{phase: recording.PhaseDial, class: recording.ClassRefused, took: ms}
	unreached     = request{phase: recording.PhaseDial, class: recording.ClassTimeout, took: 2 * second}
	neverAnswered = request{phase: recording.PhaseFirstByte, class: recording.ClassTimeout, took: 10 * second}
	erring        = request{phase: recording.PhaseDone, class: recording.ClassStatus, status: 503, took: 5 * ms}
	wrong         = request{phase: recording.PhaseDone, class: recording.ClassWrongBody, status: 200, took: 5 * ms}
	ownFault      = request{phase: recording.PhaseDial, class: recording.ClassPorts, outcome: recording.ClientFault, took: ms}
)

// probes lets a pod answer on its own address every 100 ms from one moment to another.
func (s *scenario) probes(pod string, from, to time.Duration) *scenario {
	for at := from; at < to; at += 100 * ms {
		s.probed(pod, at, request{pod: pod, took: 5 * ms})
	}
	return s
}

// probed is one request to a pod's own address.
func (s *scenario) probed(pod string, at time.Duration, r request) *scenario {
	r.stream, r.sent, r.address = recording.WindowStream("uid-"+pod), at, "10.0.0."+pod[len(pod)-1:]+":8080"
	s.request(r)
	if last := &s.samples[len(s.samples)-1]; r.phase == recording.PhaseDial {
		last.Acquired = recording.NotReached
	}
	return s
}

// windowOf writes a window in seconds of the scenario.
func windowOf(t *report.Termination) string {
	moment := func(i report.Interval) string {
		if !i.Known() {
			return "?"
		}
		return fmt.Sprintf("%.2f-%.2f", i.From.Sub(began).Seconds(), i.To.Sub(began).Seconds())
	}
	outlasts := "?"
	if m := t.Margins.Outlasts; m != nil {
		outlasts = fmt.Sprintf("%.2f-%.2f", time.Duration(m.From).Seconds(), time.Duration(m.To).Seconds())
	}
	if t.Window == nil {
		return "none, outlasts " + outlasts
	}
	return strings.TrimSpace(fmt.Sprintf("accepts %s, answers %s, outlasts %s %s", moment(t.Window.Accepts), moment(t.Window.Answers), outlasts, t.Window.Ended))
}

// web-1 is deleted at 6 s, out of the slice at 6.02 s, and gone at 10 s.
func ending10() *death {
	return &death{deleted: 6 * second, killing: 6010 * ms, left: 6020 * ms, exited: 9500 * ms, gone: 10 * second, grace: 30 * second}
}

// What the probes of an ending pod show of it, and what they do not.
func TestWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*scenario)
		want   string
	}{
		"nobody asked": {func(*scenario) {}, "none, outlasts ?"},
		"refused": {
			func(s *scenario) { s.probes("web-1", 6010*ms, 9*second).probed("web-1", 9010*ms, turned) },
			"accepts 8.91-9.01, answers 8.91-9.01, outlasts 2.89-2.99 refused",
		},
		"a hang, which shows no more than that nobody was there": {
			func(s *scenario) { s.probes("web-1", 6010*ms, 9*second).probed("web-1", 9010*ms, unreached) },
			"accepts 8.91-9.01, answers 8.91-9.01, outlasts 2.89-2.99 unreachable",
		},
		"accepted by the kernel and never answered": {
			func(s *scenario) {
				s.probes("web-1", 6010*ms, 7*second).probed("web-1", 7010*ms, neverAnswered).probed("web-1", 8*second, neverAnswered).probed("web-1", 9*second, turned)
			},
			"accepts 8.00-9.00, answers 6.91-7.01, outlasts 0.89-0.99 silent",
		},
		"errors are no answers": {
			func(s *scenario) { s.probes("web-1", 6010*ms, 7*second).probed("web-1", 7010*ms, erring) },
			"accepts 7.01-10.00, answers 6.91-7.01, outlasts 0.89-0.99 error",
		},
		"nor is another body than expected": {
			func(s *scenario) { s.probes("web-1", 6010*ms, 7*second).probed("web-1", 7010*ms, wrong) },
			"accepts 7.01-10.00, answers 6.91-7.01, outlasts 0.89-0.99 error",
		},
		"what is answered again does not count": {
			func(s *scenario) {
				s.probes("web-1", 6010*ms, 7*second).probed("web-1", 7010*ms, erring).probes("web-1", 7110*ms, 9*second).probed("web-1", 9010*ms, turned)
			},
			"accepts 8.91-9.01, answers 6.91-7.01, outlasts 0.89-0.99 error",
		},
		"a fault of this side is no end": {
			func(s *scenario) {
				s.probes("web-1", 6010*ms, 7*second).probed("web-1", 7010*ms, ownFault).probes("web-1", 7110*ms, 9*second).probed("web-1", 9010*ms, turned)
			},
			"accepts 8.91-9.01, answers 8.91-9.01, outlasts 2.89-2.99 refused",
		},
		"answered until it was gone": {
			func(s *scenario) { s.probes("web-1", 6010*ms, 9*second) },
			"accepts 8.91-10.00, answers 8.91-10.00, outlasts 2.89-3.98",
		},
		"the first was refused": {
			func(s *scenario) { s.probed("web-1", 6010*ms, turned) },
			"accepts 5.94-6.01, answers 5.94-6.01, outlasts -0.08--0.01 refused",
		},
		"the first was refused, after an answer by the service": {
			func(s *scenario) {
				s.request(request{sent: 6005 * ms, took: ms, pod: "web-1"}).probed("web-1", 6300*ms, turned)
			},
			"accepts 6.00-6.30, answers 6.00-6.30, outlasts -0.01-0.28 refused",
		},
		"refused before the end, as a container was restarted": {
			func(s *scenario) {
				s.probed("web-1", 3*second, turned).probes("web-1", 6010*ms, 9*second).probed("web-1", 9010*ms, turned)
			},
			"accepts 8.91-9.01, answers 8.91-9.01, outlasts 2.89-2.99 refused",
		},
		"another pod has the address by then": {
			func(s *scenario) {
				s.probes("web-1", 6010*ms, 8*second)
				for at := 8010 * ms; at < 10*second; at += 100 * ms {
					s.probed("web-1", at, request{pod: "web-2", took: 5 * ms})
				}
			},
			"accepts 7.91-8.01, answers 7.91-8.01, outlasts 1.89-1.99 unreachable",
		},
		"requests after it was gone tell nothing of it": {
			func(s *scenario) { s.probes("web-1", 6010*ms, 12*second) },
			"accepts 9.91-10.00, answers 9.91-10.00, outlasts 3.89-3.98",
		},
		"the sender's clock is ahead by 200 to 300 ms": {
			func(s *scenario) {
				s.header.Senders = []recording.Sender{{Pod: "sender-0", Node: "node-a"}}
				s.actions = append(s.actions, recording.Action{At: after(second), Kind: recording.ClockMeasured, Disruption: recording.NoDisruption, Clock: &recording.ClockOffset{From: check.Duration(200 * ms), To: check.Duration(300 * ms)}})
				s.probes("web-1", 6010*ms, 9*second).probed("web-1", 9010*ms, turned)
			},
			"accepts 8.61-9.01, answers 8.61-9.01, outlasts 2.59-2.99 refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", ending10()).pod("web-2", nil).pod("web-3", nil).measured("")
			s.traffic(0, 6*second, "web-1", "web-2", "web-3")
			s.traffic(6100*ms, 20*second, "web-2", "web-3")
			tt.change(s)
			rep := s.steady(12 * second).analyze(t)
			got := windowOf(&rep.Terminations[0])
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if rep.Verdict != report.Passed || len(rep.Findings) > 0 {
				t.Errorf("%s: %s %s", summary(rep), rep.Reasons, rep.Validity.Doubts)
			}
		})
	}
}

// Where answers do not name their pods nothing shows that the pod ever took a connection
// which was refused the first time.
func TestNoWindowOfAPodThatWasNotSeenToAnswer(t *testing.T) {
	s := newScenario().pod("web-1", ending10()).pod("web-2", nil).pod("web-3", nil).measured("")
	rep := s.traffic(0, 20*second, "").probed("web-1", 6010*ms, turned).steady(12 * second).analyze(t)
	if got := windowOf(&rep.Terminations[0]); got != "accepts ?, answers ?, outlasts ? refused" {
		t.Error(got)
	}
	if w := rep.Windows; w.Measured != 0 || w.Ends != 1 || !strings.HasPrefix(outcomes(w), "nginx loses, kube-proxy loses") {
		t.Errorf("%+v", w)
	}
}

// A pod that is never taken out of its slice (publishNotReadyAddresses) outlasts nothing
// that is known.
func TestNoWindowWithoutLeavingTheSlice(t *testing.T) {
	d := ending10()
	d.published, d.left = true, 10010*ms
	s := newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil).measured("")
	s.traffic(0, 6*second, "web-1", "web-2", "web-3").traffic(6100*ms, 20*second, "web-2", "web-3")
	rep := s.probes("web-1", 6010*ms, 9*second).probed("web-1", 9010*ms, turned).steady(12 * second).analyze(t)
	if got := rep.Terminations[0].Margins.Outlasts; got != nil && got.From > 0 {
		t.Errorf("it outlasts by %v", got)
	}
}

// A pod that gets SIGTERM as soon as it leaves its slice is warned of where it may close its
// door then, and where it is seen to; not where it is seen to go on.
func TestTheWindowTellsOfAnEarlyDoor(t *testing.T) {
	const may, did = "only a program that keeps accepting then is safe", "stopped answering on new connections less than 1s after leaving the EndpointSlice"
	for name, tt := range map[string]struct {
		change func(*scenario)
		want   string
	}{
		"not asked":     {func(*scenario) {}, may},
		"seen to close": {func(s *scenario) { s.probes("web-1", 6250*ms, 7*second).probed("web-1", 7*second, turned) }, did},
		"seen to go on": {func(s *scenario) { s.probes("web-1", 6250*ms, 9*second).probed("web-1", 9*second, turned) }, ""},
		"half known":    {func(s *scenario) { s.probes("web-1", 6250*ms, 7*second).probed("web-1", 9*second, turned) }, may},
	} {
		s := sound()
		tt.change(s)
		rep := s.measured("").analyze(t)
		said := ""
		for _, w := range rep.Warnings {
			if w.Cause == report.ListenerClosedEarly {
				said += w.Text
			}
		}
		if rep.Verdict != report.Passed || !strings.Contains(said, tt.want) || (said == "") != (tt.want == "") {
			t.Errorf("%s: %s, warned of %q", name, rep.Verdict, said)
		}
	}
}
