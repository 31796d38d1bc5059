package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A listener's queue is first in, first out, and closing it resets at one moment all that
// waits in it (net/ipv4/inet_connection_sock.c, inet_csk_listen_stop). So connections that
// are reset together, without a byte, while none that was made later is answered, may
// never have been accepted, where the program finishes what it has: it went on answering
// afterwards, or it had answered what came before SIGTERM, and of as many others some would
// have been answered in the time that these waited. It fits loosely alone: a worker that is killed by itself takes
// with it, as fast, what it had accepted, and a limit of a drain may come just then. A
// program that aborts all it has and idles then answers nothing afterwards, and of several
// queues (SO_REUSEPORT) another goes on being served.

// mayQueue tells of a request that was reset on a new connection that it may not have
// been accepted.
func (f *examined) mayQueue() bool {
	return f.symptom == cutShort && f.Fresh() && !f.proxied && !f.answering() && f.Class == recording.ClassReset
}

// mayNotRead tells whether the pod may have stopped reading before the request came, and
// closed its connection by its exit: none is known to be answered that came later. One
// that was killed may as well have been at work on it, unless all its kept connections
// waited.
func (t *suspect) mayNotRead(f *examined) bool {
	switch {
	case f.proxied, f.answering(), f.endedAlone(), !t.signalPlaced():
		return false
	case t.killed():
		if f.Fresh() || t.unmoved || t.servedOn || t.keptWaiting < 2 {
			return false
		}
	case t.left() && !t.mayHaveDrained():
		return false
	}
	return !f.EndAt().After(t.exit().To.Add(clockSlack)) && !t.lastRead(f).After(f.SentAt().Add(clockSlack))
}

// findQueues notes for each suspect the queues that it may have closed.
func (s *explainer) findQueues(failures []examined) {
	waiting := map[*suspect][]*examined{}
	for i := range failures {
		f := &failures[i]
		if !f.mayQueue() {
			continue
		}
		some := slices.DeleteFunc(slices.Clone(s.candidates(f)), func(t *suspect) bool {
			return t.Container != "" || !t.mayNotRead(f) || f.SentAt().Before(t.Sigterm.From.Add(-clockSlack)) || s.closedDoor(f, t) != closeFit
		})
		if len(some) == 1 {
			waiting[some[0]] = append(waiting[some[0]], f)
		}
	}
	for t, all := range waiting {
		slices.SortFunc(all, func(a, b *examined) int { return a.EndAt().Compare(b.EndAt()) })
		for len(all) > 0 {
			n := 1
			for n < len(all) && !all[n].EndAt().After(all[0].EndAt().Add(sameMoment)) {
				n++
			}
			if together := all[:n]; n > 1 && s.neverAccepted(t, together) && !s.cutMore(failures, t, together) {
				t.queues = append(t.queues, closedAt(together))
			}
			all = all[n:]
		}
	}
}

// neverAccepted tells whether the pod finishes what it has accepted, by what it answered
// after it reset these, or before.
func (s *explainer) neverAccepted(t *suspect, together []*examined) bool {
	if t.LastAnswered.Known() && t.LastAnswered.From.After(together[len(together)-1].EndAt().Add(delivery)) {
		return true
	}
	return t.finishes && s.allWouldTake(together) < byChance
}

// byChance is how seldom all of some requests take longer than they were given for that
// to show that nobody was at work on them.
const byChance = 0.001

// allWouldTake is how often as many requests as these all take longer than they waited,
// as far as one takes its time whatever the others do.
func (s *explainer) allWouldTake(together []*examined) float64 {
	chance := 1.0
	for _, f := range together {
		if stream := s.traffic.stream(f.Stream); stream.OK > 0 && chance >= byChance {
			chance *= longerThan(stream.took, f.age()-delivery)
		}
	}
	return chance
}

// closedAt is when requests in the order of their ends were reset.
func closedAt(together []*examined) report.Interval {
	return report.Interval{From: together[0].EndAt(), To: together[len(together)-1].EndAt()}
}

// cutMore tells whether at the same moment the pod cut what it had certainly accepted:
// what it closed otherwise, what a kept connection carried, what it had begun to answer.
func (s *explainer) cutMore(failures []examined, t *suspect, together []*examined) bool {
	closed := closedAt(together)
	return slices.ContainsFunc(failures, func(f examined) bool {
		if f.symptom != cutShort || f.mayQueue() || f.proxied || !within(f.EndAt(), closed, sameMoment) {
			return false
		}
		return f.answering() || f.life == nil || slices.Contains(f.life.ends, t.termination)
	})
}
