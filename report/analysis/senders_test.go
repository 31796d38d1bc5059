package analysis

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// from lets pods on these nodes send the requests in turn.
func (s *scenario) from(nodes ...string) *scenario {
	for i, node := range nodes {
		s.header.Senders = append(s.header.Senders, recording.Sender{Index: i, Pod: fmt.Sprintf("send-%d", i), Node: node})
	}
	for i := range s.samples {
		s.samples[i].Sender = i / 2 % len(nodes) // both streams
	}
	return s
}

// lostBy adds requests of one sender's, one every 10 ms.
func (s *scenario) lostBy(sender, n int, r request) *scenario {
	for range n {
		s.request(r)
		s.samples[len(s.samples)-1].Sender = sender
		r.sent += 10 * ms
	}
	return s
}

// loses lets a sender be lost, after it had told to have sent so many requests.
func (s *scenario) loses(sender int, at time.Duration, told uint64) *scenario {
	end := recording.SenderEnd{Index: sender, Lost: "its pod was ended", LostAt: after(at)}
	for _, stream := range s.header.Check.Streams {
		end.Streams = append(end.Streams, recording.StreamEnd{Name: stream.Name, Sent: told, Scheduled: 2 * told})
	}
	s.ending.Senders = append(s.ending.Senders, end)
	return s
}

// sent is the traffic of an end in good order.
func sent(nodes ...string) *scenario {
	return undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)).from(nodes...)
}

// A finding says that all its requests came from one node where that is no chance.
func TestRequestsOfOneNode(t *testing.T) {
	kept := masked
	kept.conn, kept.sent = 7, 6400*ms
	tests := []struct {
		name   string
		change func() *scenario
		want   string
	}{
		{"of one of two nodes", func() *scenario { return sent("a", "b").lostBy(1, 12, refused) }, "b"},
		{"of both", func() *scenario { return sent("a", "b").lostBy(1, 12, refused).lostBy(0, 1, refused) }, ""},
		{"of two senders of one node", func() *scenario { return sent("a", "b", "b").lostBy(1, 12, refused).lostBy(2, 12, refused) }, "b"},
		{"so few that it may be chance", func() *scenario { return sent("a", "b").lostBy(1, 9, refused) }, ""},
		{"as few, and the node sent next to nothing", func() *scenario { return sent("a", "a", "a", "b").lostBy(3, 9, refused) }, "b"},
		{"fewer than are worth a word", func() *scenario { return sent(strings.Split("abcdefghijklmnopqrst", "")...).lostBy(3, 4, refused) }, ""},
		{"of one connection", func() *scenario { return sent("a", "b").lostBy(1, 12, kept) }, ""},
		{"of one node alone", func() *scenario { return sent("a", "a").lostBy(1, 12, refused) }, ""},
		{"when the other was lost", func() *scenario { return sent("a", "b").lostBy(1, 12, refused).loses(0, 6400*ms, 100) }, ""},
		{"before the other was lost", func() *scenario { return sent("a", "b").lostBy(1, 12, refused).loses(0, 9000*ms, 100) }, "b"},
		{"of the program itself", func() *scenario {
			s := sent("a", "b").lostBy(0, 12, refused)
			s.header.Senders = nil
			for i := range s.samples {
				s.samples[i].Sender = 0
			}
			return s
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := tt.change().analyze(t)
			if len(rep.Findings) != 1 {
				t.Fatalf("%s", summary(rep))
			}
			f := rep.Findings[0]
			if f.Node != tt.want {
				t.Errorf("from %q, want %q", f.Node, tt.want)
			}
			said := strings.Join(f.Evidence, "; ")
			if words := "all were sent from node " + tt.want; strings.Contains(said, "all were sent from") != (tt.want != "") || tt.want != "" && !strings.Contains(said, words) {
				t.Errorf("evidence %q", said)
			}
		})
	}
}

// What explains it depends on whether the pod was on the node that sent.
func TestWhyOneNodeAlone(t *testing.T) {
	for _, node := range []string{"b", "c"} {
		s := sent("a", "b").lostBy(1, 12, refused)
		for _, e := range s.events {
			if e.Pod != nil {
				e.Pod.Node = node
			}
		}
		f := s.analyze(t).Findings[0]
		last := f.Evidence[len(f.Evidence)-1]
		local := strings.Contains(last, "internalTrafficPolicy") && strings.Contains(last, "where web-1 ran")
		if !strings.Contains(last, "its kube-proxy followed the EndpointSlice later") || local != (node == "b") {
			t.Errorf("a pod on %s: %q", node, last)
		}
	}
}

// Of each pod it is told which senders' requests it turned away, and when.
func TestRefusedBySender(t *testing.T) {
	rep := sent("a", "b").lostBy(1, 3, refused).lostBy(0, 1, request{sent: 6700 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}).analyze(t)
	want := []report.Refused{
		{Sender: 0, Node: "a", Requests: 1, First: after(6700 * ms), Last: after(6700 * ms)},
		{Sender: 1, Node: "b", Requests: 3, First: after(6500 * ms), Last: after(6520 * ms)},
	}
	if got := rep.Terminations[0].Refused; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, f := range rep.Failures {
		if want := 1; f.Sender == nil || f.Sent.Before(after(6700*ms)) && *f.Sender != want {
			t.Errorf("%+v", f)
		}
	}
}

func TestSendersOfAReport(t *testing.T) {
	s := sent("a", "b").lostBy(1, 3, refused)
	s.actions = append(s.actions, clockOf(1, -2*ms, 3*ms), clockOf(1, -40*ms, 1*ms))
	rep := s.loses(0, 9*second, 1000).analyze(t)
	if len(rep.Senders) != 2 {
		t.Fatalf("%+v", rep.Senders)
	}
	sum := 0
	for i, got := range rep.Senders {
		sum += got.Sent
		if got.Index != i || got.Pod != fmt.Sprintf("send-%d", i) || got.Node != []string{"a", "b"}[i] || got.Sent != got.OK+got.Failed || got.Failed != 3*i {
			t.Errorf("%+v", got)
		}
	}
	if sum != len(s.samples) {
		t.Errorf("%d requests, want %d", sum, len(s.samples))
	}
	if a := rep.Senders[0]; a.Lost != "its pod was ended" || !a.LostAt.Equal(after(9*second)) || a.Clock != nil {
		t.Errorf("%+v", a)
	}
	if b := rep.Senders[1]; b.Lost != "" || b.Clock == nil || *b.Clock != (recording.ClockOffset{From: -check.Duration(2 * ms), To: check.Duration(ms)}) {
		t.Errorf("%+v", b)
	}
}

func clockOf(sender int, from, to time.Duration) recording.Action {
	return recording.Action{
		At: began, Kind: recording.ClockMeasured, Disruption: recording.NoDisruption, Sender: sender,
		Clock: &recording.ClockOffset{From: check.Duration(from), To: check.Duration(to)},
	}
}

func TestSenderClock(t *testing.T) {
	tests := []struct {
		name     string
		measured []span
		want     span
		off      time.Duration
	}{
		{"not measured", nil, span{}, 0},
		{"once", []span{{-3 * ms, 4 * ms}}, span{-3 * ms, 4 * ms}, 0},
		{"a slow round trip tells nothing", []span{{-3 * ms, 4 * ms}, {-5 * second, 5 * second}}, span{-3 * ms, 4 * ms}, 0},
		{"two narrow each other", []span{{-9 * ms, 2 * ms}, {-1 * ms, 9 * ms}}, span{-1 * ms, 2 * ms}, 0},
		{"ahead all the time", []span{{20 * ms, 30 * ms}, {22 * ms, 29 * ms}}, span{22 * ms, 29 * ms}, 22 * ms},
		{"it goes ahead", []span{{-3 * ms, 3 * ms}, {97 * ms, 103 * ms}}, span{3 * ms, 97 * ms}, 97 * ms},
		{"it falls behind", []span{{-3 * ms, 3 * ms}, {-103 * ms, -97 * ms}}, span{-97 * ms, -3 * ms}, 97 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c senderClock
			for _, m := range tt.measured {
				c.take(recording.ClockOffset{From: check.Duration(m.least), To: check.Duration(m.most)})
			}
			if got := c.offset(); got != tt.want || c.off() != tt.off {
				t.Errorf("%v, off by %v, want %v, %v", got, c.off(), tt.want, tt.off)
			}
		})
	}
}

// What is not known of the senders' clocks is not known of the moments that requests
// are compared with.
func TestSendersClocksWidenMoments(t *testing.T) {
	sigterm := func(clocks ...span) report.Interval {
		s := sent("a", "b")
		for i, c := range clocks {
			s.actions = append(s.actions, clockOf(i, c.least, c.most))
		}
		return s.analyze(t).Terminations[0].KubeletStarted
	}
	known := sigterm()
	if got := sigterm(span{}, span{}); got != known {
		t.Errorf("exact clocks make %v of %v", got, known)
	}
	got := sigterm(span{-30 * ms, 10 * ms}, span{-5 * ms, 200 * ms})
	if from, to := known.From.Sub(got.From), got.To.Sub(known.To); from != 30*ms || to != 200*ms {
		t.Errorf("%v earlier and %v later than %v: %v", from, to, known, got)
	}
}

func TestDriftIsTold(t *testing.T) {
	for off, want := range map[time.Duration]bool{5 * ms: false, 40 * ms: true} {
		s := sent("a", "b")
		s.actions = append(s.actions, clockOf(1, -ms, ms), clockOf(1, off, off+ms))
		told := false
		for _, w := range s.analyze(t).Warnings {
			told = told || strings.Contains(w.Text, "the clock of sender send-1 on node b was off by")
		}
		if told != want {
			t.Errorf("off by %v: told %v", off, told)
		}
	}
}

// A lost sender keeps a clean run from passing, and is named; nobody else is blamed.
func TestALostSenderProvesNothing(t *testing.T) {
	share := sharesOf(sent("a", "b"))
	tests := []struct {
		name   string
		change func() *scenario
		want   report.Verdict
		says   string
	}{
		{"none was lost", func() *scenario { return sent("a", "b") }, report.Passed, ""},
		{
			"nothing that it told of is missing", func() *scenario { return sent("a", "b").loses(1, 9*second, share) }, report.Inconclusive,
			"sender send-1 on node b was lost at 12:00:09.000 (its pod was ended): what it sent last, and would have sent from then on, is missing",
		},
		{
			"some is", func() *scenario { return sent("a", "b").loses(1, 9*second, share+5) }, report.Inconclusive,
			"is missing; of what it had told to have sent, 10 requests",
		},
		{
			"more is there than it told of", func() *scenario { return sent("a", "b").loses(1, 9*second, share-5) }, report.Inconclusive,
			"sender send-1 on node b was lost at 12:00:09.000 (its pod was ended): what it sent last, and would have sent from then on, is missing",
		},
		{
			"others met failures", func() *scenario { return sent("a", "b").lostBy(0, 1, refused).loses(1, 9*second, share) }, report.Failed,
			"sender send-1 on node b was lost",
		},
		{"nothing of what any sent came", func() *scenario {
			s := sent("a", "b").loses(0, 9*second, share).loses(1, 9*second, share)
			s.samples = nil
			return s
		}, report.Inconclusive, "sender send-1 on node b was lost at 12:00:09.000 (its pod was ended): what it sent last, and would have sent from then on, is missing; of what it had told to have sent"},
		{"the run was cut off, too", func() *scenario {
			s := sent("a", "b")
			s.actions = append(s.actions, recording.Action{At: after(9 * second), Kind: recording.SenderLost, Sender: 1, Detail: "it fell silent", Disruption: recording.NoDisruption})
			s.ending = nil
			return s
		}, report.Inconclusive, "sender send-1 on node b was lost at 12:00:09.000 (it fell silent)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := tt.change().analyze(t)
			said := strings.Join(rep.Reasons, "; ")
			if rep.Verdict != tt.want || !strings.Contains(said, tt.says) {
				t.Errorf("%s, want %s with %q: %q", rep.Verdict, tt.want, tt.says, said)
			}
			for _, blamed := range []string{"from the recording", "twice", "were wanted", "the recording has", "in the baseline"} {
				if strings.Contains(said, blamed) {
					t.Errorf("%q is in %q", blamed, said)
				}
			}
			if missing := strings.Contains(said, "told to have sent"); missing != strings.Contains(tt.says, "told to have sent") {
				t.Errorf("%q", said)
			}
			if len(rep.Power) > 0 && rep.Verdict != report.Passed {
				t.Errorf("a power of %v", rep.Power)
			}
		})
	}
}

// sharesOf is how many requests of each stream the second of two senders sent.
func sharesOf(s *scenario) uint64 {
	n := uint64(0)
	for i := range s.samples {
		if s.samples[i].Sender == 1 {
			n++
		}
	}
	return n / 2
}

// What a sender that was not lost had sent has to be there.
func TestSamplesOfASenderAreMissing(t *testing.T) {
	tests := []struct {
		name   string
		change func(*scenario)
		says   string
		stands bool
	}{
		{"some are missing", func(s *scenario) {
			end := recording.SenderEnd{Index: 1}
			for _, stream := range s.header.Check.Streams {
				end.Streams = append(end.Streams, recording.StreamEnd{Name: stream.Name, Sent: 100_000})
			}
			s.ending.Senders = append(s.ending.Senders, end)
		}, "stream short-new of sender send-1: ", true},
		{
			"it does not say how many it sent", func(s *scenario) { s.ending.Senders = []recording.SenderEnd{{Index: 1}} },
			"stream short-new of sender send-1: the recording does not say how many requests were sent", true,
		},
		{
			"some are nobody's", func(s *scenario) { s.samples[0].Sender = 2 },
			"the recording has 1 request of senders that the run did not have", false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sent("a", "b").lostBy(0, 1, refused)
			tt.change(s)
			rep := s.analyze(t)
			if said := strings.Join(rep.Reasons, "; "); !strings.Contains(said, tt.says) {
				t.Errorf("not %q in %q", tt.says, said)
			}
			if stands := rep.Verdict == report.Failed; stands != tt.stands {
				t.Errorf("%s: %v", rep.Verdict, rep.Reasons)
			}
		})
	}
}

// Requests that bear another sender's numbers are in the recording twice, or not at all.
func TestNumbersOfAnotherSender(t *testing.T) {
	c := newCompleteness(&recording.Recording{Header: recording.Header{Check: check.Check{Streams: []check.Stream{{Name: "new"}}}}}, []*sender{{}, {}})
	for n := range uint64(10) {
		c.take(&recording.Sample{Stream: "new", Seq: 2*n + 1, Sender: 1})
	}
	if share := &c.streams["new"][1]; !share.inOrder(1, 2) || share.inOrder(0, 2) || share.inOrder(0, 1) {
		t.Error("they are sender 1's of 2")
	}
}

// A stall explains what its own sender did not read, and nothing of another's.
func TestAStallIsItsSenders(t *testing.T) {
	for sender, want := range []report.Verdict{report.Inconclusive, report.Failed} {
		s := sent("a", "b").lostBy(sender, 1, timedOut)
		for i := range 2 {
			end := recording.SenderEnd{Index: i, Client: &recording.Client{}}
			for _, stream := range s.header.Check.Streams {
				n := uint64(0)
				for _, sample := range s.samples {
					if sample.Stream == stream.Name && sample.Sender == i {
						n++
					}
				}
				end.Streams = append(end.Streams, recording.StreamEnd{Name: stream.Name, Sent: n})
			}
			if i == 0 {
				end.Client.Stalls = []recording.Stall{{From: after(16 * second), To: after(17100 * ms)}}
			}
			s.ending.Senders = append(s.ending.Senders, end)
		}
		s.ending.Client = s.ending.Senders[0].Client
		rep := s.analyze(t)
		said := strings.Join(rep.Reasons, "; ")
		if told := strings.Contains(said, "timed out while its sender stood still (for up to 1.1s)"); rep.Verdict != want || told != (want == report.Inconclusive) {
			t.Errorf("sender %d: %s, want %s: %q", sender, rep.Verdict, want, said)
		}
	}
}

// Requests of one node succeed, all in a row, while another node's proxy still sends to
// the pod that is gone: it has not been forgotten.
func TestOneProxyLags(t *testing.T) {
	s := newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil)
	s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6300*ms, 30*second, "web-2", "web-3").steady(12*second).from("a", "b")
	late := refused
	late.sent = 7000 * ms
	rep := s.lostBy(1, 12, late).analyze(t)
	if rep.Findings[0].Cause == report.Unknown || rep.Findings[0].Node != "b" {
		t.Errorf("%s, from %q", summary(rep), rep.Findings[0].Node)
	}
}

func TestLeastShare(t *testing.T) {
	of := func(nodes ...string) (all []*sender) {
		for _, node := range nodes {
			all = append(all, &sender{Sender: recording.Sender{Node: node}})
		}
		return all
	}
	for want, senders := range map[float64][]*sender{1: nil, 0.25: of("a", "b", "a", "a"), 0.5: of("a", "b")} {
		if got := leastShare(senders); got != want {
			t.Errorf("%d senders: %g, want %g", len(senders), got, want)
		}
	}
	if got := leastShare(of("a", "a")); got != 1 {
		t.Errorf("two of one node: %g", got)
	}
}

// Connection tracking knows a connection by its client's address, too: the same port of
// another sender leads nowhere.
func TestTheSamePortOfAnotherSender(t *testing.T) {
	reset := request{stream: "short-reused", sent: 8 * second, took: 2 * ms, connPod: "web-1", served: 3, port: 40001, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	dial := request{sent: 16 * second, took: ms, port: 40001, phase: recording.PhaseDial, class: recording.ClassRefused}
	for sender, want := range []string{
		"failed; 2 keepalive-cut (certain) [web-1] between SIGTERM and exit",
		"failed; 1 keepalive-cut (certain) [web-1] between SIGTERM and exit; 1 unknown () [] outside of any termination",
	} {
		if got := summary(sound().from("a", "b").lostBy(0, 1, reset).lostBy(sender, 1, dial).analyze(t)); got != want {
			t.Errorf("sender %d:\n got %s\nwant %s", sender, got, want)
		}
	}
}
