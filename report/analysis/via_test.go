package analysis

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// via is a scenario whose senders play a balancer, and whose answers name no pod.
func via(v check.Via) *scenario {
	s := newScenario()
	s.header.Check.Target.Via = &v
	s.header.Check = s.header.Check.WithDefaults()
	s.header.Workload.ServesURL = true
	return s
}

func lagging(lag, lagIn time.Duration) check.Via {
	return check.Via{Lag: new(check.Duration(lag)), LagIn: check.Duration(lagIn)}
}

// sleptFor is an end with a preStop sleep, whose program exits as soon as it is over.
func sleptFor(sleep time.Duration) *death {
	exited := 6250*ms + sleep + 60*ms
	return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: exited, gone: exited + second, grace: 30 * second, preStop: recording.PreStopSleep, sleep: sleep}
}

// dials lets the pods answer new connections to their own addresses every 20 ms in turn;
// those to web-1 are refused from a time on, until nobody dials it any more.
func (s *scenario) dials(from, to, refused, forgotten time.Duration) *scenario {
	n := 0
	for at := from; at < to; at += 20 * ms {
		pod := []string{"1", "2", "3"}[n%3]
		n++
		r := request{sent: at, address: "10.0.0." + pod + ":8080"}
		switch {
		case pod == "1" && at >= forgotten:
			r.address = "10.0.0.2:8080"
		case pod == "1" && at >= refused:
			r.took, r.phase, r.class = ms, recording.PhaseDial, recording.ClassRefused
		}
		s.request(r)
		kept := request{stream: "short-reused", sent: at + 10*ms, address: "10.0.0." + pod + ":8080", served: 7}
		if at >= min(refused, forgotten)-50*ms {
			kept.address = "10.0.0.2:8080"
		}
		s.request(kept)
	}
	return s.steady(20 * second)
}

// inWords is all that a report says in words.
func inWords(t *testing.T, rep *report.Report) string {
	t.Helper()
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What a played balancer sends to a pod that has gone is that pod's loss, for certain and
// however late. The fix outlasts the balancer's lag, and names it.
func TestLossesOfAPlayedBalancer(t *testing.T) {
	for name, tt := range map[string]struct {
		via   check.Via
		sleep time.Duration
		lag   time.Duration
		fix   string
		patch string
		says  string
	}{
		"by its numbers": {
			lagging(8*second, 0), 5 * second, 8 * second,
			"Keep accepting until the balancer has forgotten the pod: a preStop sleep of 10 s. The one that was played (lag 8s) sends to a pod for 8s after it has left its EndpointSlice; 2s are added for slower moments.",
			`"preStop":{"sleep":{"seconds":10}}`, "a balancer was played (lag 8s): the senders dialled the pods themselves, each until 8s after it had left its EndpointSlice (last requests seen after",
		},
		"by its name": {
			check.Via{Profile: "alb"},
			3 * second, 25 * second,
			"a preStop sleep of 27 s. The one that was played (alb (lag 25s)) sends to a pod for 25s",
			`"seconds":27`, "a balancer was played (alb (lag 25s)), as an AWS Application Load Balancer that sends to pods by their IP addresses does",
		},
	} {
		t.Run(name, func(t *testing.T) {
			end := sleptFor(tt.sleep)
			rep := via(tt.via).pod("web-1", end).pod("web-2", nil).pod("web-3", nil).dials(0, 50*second, end.exited, end.left+tt.lag).analyze(t)
			if rep.Verdict != report.Failed || len(rep.Findings) != 1 {
				t.Fatal(summary(rep))
			}
			f := &rep.Findings[0]
			if f.Cause != report.ListenerClosedEarly || f.Confidence != report.Certain || len(f.Pods) != 1 || f.Pods[0] != "web-1" || f.Phase != afterExit {
				t.Error(summary(rep))
			}
			if !strings.Contains(f.Fix.Text, tt.fix) || !strings.Contains(f.Fix.Patch, tt.patch) {
				t.Errorf("fix %q\npatch %s", f.Fix.Text, f.Fix.Patch)
			}
			for _, w := range rep.Warnings {
				if _, sleep, _ := strings.Cut(w.Text, "or sleep for "); w.Cause == report.NoDrain && (sleep == "" || !strings.Contains(tt.fix, sleep)) {
					t.Errorf("the fix says %q, a warning %q", tt.fix, w.Text)
				}
			}
			if v := rep.Via; v == nil || !strings.HasPrefix(v.Says, tt.says) || v.Forgot == nil || time.Duration(v.Forgot.To) > tt.lag || time.Duration(v.Forgot.From) < tt.lag-100*ms {
				t.Errorf("via %+v", v)
			}
			if text := inWords(t, rep); strings.Contains(text, "kube-proxy") || strings.Contains(text, "do not name their pod") || !rep.Validity.PodsNamed {
				t.Error(text)
			}
		})
	}
}

// A sleep that outlasts the lag passes, without a word of proxies; one that does not is
// warned of where nothing was lost, as no other than a program that keeps accepting is safe.
func TestNothingLostByAPlayedBalancer(t *testing.T) {
	for sleep, warned := range map[time.Duration]bool{10 * second: false, 5 * second: true} {
		end := sleptFor(sleep)
		rep := via(lagging(8*second, 0)).pod("web-1", end).pod("web-2", nil).pod("web-3", nil).dials(0, 50*second, 50*second, min(end.exited, end.left+8*second)).analyze(t)
		if rep.Verdict != report.Passed {
			t.Error(summary(rep), rep.Reasons)
		}
		got := ""
		for _, w := range rep.Warnings {
			if w.Cause == report.ListenerClosedEarly {
				got = w.Text
			}
		}
		if (got != "") != warned || warned && got != "web-1 got SIGTERM less than 9s after leaving the EndpointSlice, while a balancer such as was played (lag 8s) may still send requests: only a program that keeps accepting then is safe, or a preStop sleep" {
			t.Errorf("sleep %s: %q", sleep, got)
		}
	}
}

// A request that came when the balancer knew no pod is nobody's refusal: where it learns of
// pods late, a rollout has to wait for it.
func TestAPlayedBalancerThatKnowsNoPod(t *testing.T) {
	for lagIn, fix := range map[time.Duration]string{
		6 * second: "Let a rollout end old pods only when the balancer knows the new ones: the one that was played (lag 2s, lagIn 6s) learns of a pod 6s after it is ready. Set minReadySeconds to 7,",
		0:          "Keep at least one pod ready at every moment",
	} {
		end := sleptFor(5 * second)
		s := via(lagging(2*second, lagIn)).pod("web-1", end).pod("web-2", nil).pod("web-3", nil).dials(0, 50*second, 50*second, end.left+2*second)
		for at := 8300 * ms; at < 9*second; at += 50 * ms {
			s.request(request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassNoBackend, address: " "})
		}
		rep := s.analyze(t)
		if rep.Verdict != report.Failed || len(rep.Findings) != 1 {
			t.Fatal(summary(rep))
		}
		f := &rep.Findings[0]
		if f.Cause != report.NoCapacity || f.Confidence != report.Certain || f.Phase != "while the balancer knew no pod" || len(f.Pods) != 0 || !strings.HasPrefix(f.Fix.Text, fix) || !strings.Contains(strings.Join(f.Evidence, "\n"), "14 × no-backend at dial") {
			t.Errorf("%s: %s\n%s\n%s", summary(rep), f.Fix.Text, f.Fix.Patch, strings.Join(f.Evidence, "\n"))
		}
		if lagIn > 0 && !strings.Contains(f.Fix.Patch, `"minReadySeconds":7`) {
			t.Error(f.Fix.Patch)
		}
	}
}

// How many pods a balancer knows at once counts those that it has not forgotten yet.
func TestMostThatAPlayedBalancerKnew(t *testing.T) {
	span := func(from, to time.Duration) []readySpan {
		s := readySpan{from: after(from)}
		if to > 0 {
			s.to = after(to)
		}
		return []readySpan{s}
	}
	e := &endpoints{most: 2, spans: map[string][]readySpan{"a": span(0, 5*second), "b": span(0, 9*second), "c": span(6*second, 0), "d": span(10*second, 0)}}
	for lag, want := range map[time.Duration]int{0: 2, 2 * second: 3, 6 * second: 4} {
		p := &played{new(check.Via), lag}
		if got := p.most(e); got != want {
			t.Errorf("lag %s: %d, want %d", lag, got, want)
		}
	}
	if got := (*played)(nil).most(e); got != 2 {
		t.Errorf("none played: %d", got)
	}
}
