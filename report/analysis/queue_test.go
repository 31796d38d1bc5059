package analysis

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A prefork server that closes its workers' eyes at SIGTERM (unicorn at SIGQUIT) answers
// what it had and leaves the rest in the listener's queue, which its exit resets. That
// one answer of the stream took longer than the drain says nothing against it: all that
// was sent before SIGTERM was answered, and all that was reset was sent after it.
func TestAQueueThatIsResetIsNotWhatWasInFlight(t *testing.T) {
	s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)
	undisturbed(s)
	s.request(request{sent: 2 * second, took: 5 * second, pod: "web-2"})
	s.request(request{sent: 6200 * ms, took: 3 * second, pod: "web-1"})
	for at := 6300 * ms; at < 7700*ms; at += 100 * ms {
		s.request(request{sent: at, took: 10245*ms - at, phase: recording.PhaseFirstByte, class: recording.ClassReset})
	}
	for _, f := range s.analyze(t).Findings {
		if f.Cause == report.NoDrain && f.Confidence != report.Possible {
			t.Errorf("%d %s (%s)", f.Failed, f.Cause, f.Confidence)
		}
	}
}

// Resets at one moment by a pod that goes on answering are those of a queue, unless it
// closed at that moment what it had accepted as well, or answered nothing afterwards.
func TestAQueueThatIsClosedWhileThePodLivesOn(t *testing.T) {
	for name, tt := range map[string]struct {
		goesOn, closesOthers bool
		want                 report.Cause
	}{
		"it goes on":                      {true, false, report.ListenerClosedEarly},
		"it idles":                        {false, false, report.NoDrain},
		"it closes what it had, and goes": {true, true, report.NoDrain},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil))
			s.request(request{sent: 2 * second, took: 5 * second, pod: "web-2"})
			if tt.goesOn {
				s.request(request{sent: 6200 * ms, took: 3 * second, pod: "web-1"})
			}
			for at := 6350 * ms; at < 6800*ms; at += 100 * ms {
				s.request(request{sent: at, took: 7*second - at, phase: recording.PhaseFirstByte, class: recording.ClassReset})
			}
			if tt.closesOthers {
				s.request(request{sent: 6310 * ms, took: 7*second - 6310*ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
			}
			rep := s.analyze(t)
			found := false
			for _, f := range rep.Findings {
				found = found || f.Cause == tt.want && f.Failed >= 5 && (tt.want == report.NoDrain || f.Confidence == report.Possible)
			}
			if !found {
				t.Error(summary(rep))
			}
		})
	}
}

// What waited in that queue since before SIGTERM, as a busy program had not come to accept
// it, is reset together with the rest.
func TestAQueueHoldsWhatCameBeforeSigtermToo(t *testing.T) {
	s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)
	s.traffic(0, 6*second, "web-1", "web-2", "web-3").traffic(6*second, 30*second, "web-2", "web-3").steady(12 * second)
	s.request(request{sent: 2 * second, took: 5 * second, pod: "web-2"})
	s.request(request{sent: 5900 * ms, took: 3 * second, pod: "web-1"})
	for at := 6050 * ms; at < 6500*ms; at += 50 * ms {
		s.request(request{sent: at, took: 6550*ms - at, phase: recording.PhaseFirstByte, class: recording.ClassReset})
	}
	rep := s.analyze(t)
	for _, f := range rep.Findings {
		if f.Cause != report.ListenerClosedEarly || f.Confidence != report.Possible {
			t.Error(summary(rep))
		}
	}
	if len(rep.Findings) == 0 {
		t.Error(summary(rep))
	}
}

// Two pods of a rollout close their queues one after the other, the first by its exit, while
// the second, whose exit is known to the second only, still answers what comes new. What
// waited in the first one's is not the second one's, even if it came just before SIGTERM as
// all workers were busy; and what came when the second had left the slices lately is not
// the first one's.
func TestTwoQueuesOneAfterTheOther(t *testing.T) {
	first := &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9100 * ms, gone: 10 * second, grace: 30 * second}
	next := &death{deleted: 8100 * ms, left: 8120 * ms, killing: 8150 * ms, exited: 9050 * ms, gone: 11 * second, grace: 30 * second}
	s := newScenario().pod("web-1", first).pod("web-2", next).pod("web-3", nil)
	s.traffic(0, 6100*ms, "web-1", "web-2", "web-3").traffic(6100*ms, 8200*ms, "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
	s.request(request{stream: "short-reused", sent: 6 * second, took: 3 * second, pod: "web-1"})
	for at := 6150 * ms; at < 7400*ms; at += 100 * ms {
		s.request(request{sent: at, took: 9090*ms - at, phase: recording.PhaseFirstByte, class: recording.ClassReset})
	}
	for at := 8300 * ms; at < 8700*ms; at += 50 * ms {
		s.request(request{sent: at, took: 8900*ms - at, phase: recording.PhaseFirstByte, class: recording.ClassReset})
	}
	for _, f := range s.analyze(t).Failures {
		want := "web-1"
		if f.Sent.After(after(8 * second)) {
			want = "web-2"
		}
		if f.Cause != report.ListenerClosedEarly || len(f.Pods) != 1 || f.Pods[0] != want {
			t.Errorf("sent at %s: %s of %v, want %s", f.Sent.Sub(began), f.Cause, f.Pods, want)
		}
	}
}
