package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// bySender sums the samples up by who sent them; none where the program itself did.
type bySender []report.Sender

func newBySender(senders []*sender) bySender {
	all := make(bySender, len(senders))
	for i, s := range senders {
		all[i] = report.Sender{Index: i, Pod: s.Pod, Node: s.Node, Clock: s.clock.told(), Lost: s.lost, LostAt: s.lostAt}
	}
	return all
}

func (b bySender) take(s *recording.Sample) {
	if s.Sender < 0 || s.Sender >= len(b) {
		return
	}
	sum := &b[s.Sender]
	sum.Sent++
	switch s.Outcome {
	case recording.OK:
		sum.OK++
	case recording.Failed:
		sum.Failed++
	case recording.ClientFault:
		sum.Client++
	case recording.Unfinished:
		sum.Unfinished++
	}
}

// lost tells whether one of them did not send to the end.
func (b bySender) lost() bool {
	for i := range b {
		if b[i].Lost != "" {
			return true
		}
	}
	return false
}

// node is that of a sample's sender; empty where the program itself sent.
func (b bySender) node(s *recording.Sample) string {
	if s.Sender < 0 || s.Sender >= len(b) {
		return ""
	}
	return b[s.Sender].Node
}

// leastShare is the smallest share of the requests that come from one node: each has a
// proxy of its own, which may send to a pod that all others have forgotten.
func leastShare(senders []*sender) float64 {
	nodes := map[string]int{}
	for _, s := range senders {
		nodes[s.Node]++
	}
	least := len(senders)
	for _, n := range nodes {
		least = min(least, n)
	}
	return float64(max(least, 1)) / float64(max(len(senders), 1))
}

// stalls are the times in which a process that sends did not run, by the sender's
// index; the program itself is the first.
type stalls [][]recording.Stall

func stallsOf(ending *recording.Ending, senders []*sender) stalls {
	if len(senders) == 0 {
		if ending == nil || ending.Client == nil {
			return nil
		}
		return stalls{ending.Client.Stalls}
	}
	all := make(stalls, len(senders))
	for i, s := range senders {
		if client := s.client(); client != nil {
			all[i] = client.Stalls
		}
	}
	return all
}

// stallReach is for how long a process that runs again may still be busy with what
// has come meanwhile.
const stallReach = 50 * time.Millisecond

// during tells whether the process that sent the request may not have read then what had
// come.
func (s stalls) during(sender int, from, to time.Time) bool {
	return sender >= 0 && sender < len(s) && slices.ContainsFunc(s[sender], func(one recording.Stall) bool {
		return one.From.Before(to) && one.To.Add(stallReach).After(from)
	})
}

// of are those of the process that sent the request.
func (s stalls) of(f *failure) []recording.Stall {
	if f.Sender < 0 || f.Sender >= len(s) {
		return nil
	}
	return s[f.Sender]
}

func (s stalls) longest() time.Duration {
	var longest time.Duration
	for _, one := range s {
		longest = max(longest, longestStall(one))
	}
	return longest
}

// whoSent names what a request was sent by.
func (t *traffic) whoSent() string {
	if len(t.senders) > 0 {
		return "its sender"
	}
	return "this machine"
}
