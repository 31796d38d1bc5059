package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A connection that is refused at its dial met a closed port: that of an old pod which
// no longer listens and is still in rotation, of one whose container is away, or of a
// new one that does not listen yet. Where no old one can have refused it, and answers
// name no pods, the refusals themselves tell when a new one opened its port: they begin
// as it comes into rotation, are as many as go to one pod, and stop.

// closedPort is a time in which connections were refused that no pod's end explains.
type closedPort struct{ refused []time.Time }

func (c closedPort) from() time.Time { return c.refused[0] }
func (c closedPort) to() time.Time   { return c.refused[len(c.refused)-1] }

// refusedDials are when those were sent, in their order. Only what is known to lead to
// the pods alone counts: something else in front has a port of its own, and so has a pod
// that is dialled by its address. Where no endpoint is ready a proxy itself refuses.
func refusedDials(failures []*failure, frontends *frontends, endpoints *endpoints) []time.Time {
	var refused []time.Time
	for _, f := range failures {
		sent := f.DialledAt()
		if f.Phase == recording.PhaseDial && f.Class == recording.ClassRefused && !frontends.proxied(f.RemoteAddr) &&
			!frontends.pods.owns(f.RemoteAddr) && !endpoints.emptyDuring(sent.Add(-proxyLag), sent) {
			refused = append(refused, sent)
		}
	}
	slices.SortFunc(refused, time.Time.Compare)
	return refused
}

// closedPorts are these times in their order. One is over when fresh connections went
// well for so long that no closed port was in rotation any more.
func (s *starts) closedPorts(refused []time.Time, closing []report.Interval) []closedPort {
	refused = slices.DeleteFunc(slices.Clone(refused), func(when time.Time) bool { return covered(closing, when) })
	var ports []closedPort
	for first, next := 0, 1; next <= len(refused); next++ {
		if next == len(refused) || apartFrom(refused[next-1], refused[next], closing) > s.chance {
			ports = append(ports, closedPort{refused[first:next]})
			first = next
		}
	}
	return ports
}

// findOpened tells of new pods, where answers name none, whose port was closed when they
// were called ready, and until when. last is when the last request ended: a port that
// was not seen to open shows no start.
func (s *starts) findOpened(terminations []*termination, failures []*failure, frontends *frontends, endpoints *endpoints, last time.Time) {
	closing := timesOf(terminations, func(t *termination) time.Time { return t.signalFrom().Add(-clockSlack) })
	refused := refusedDials(failures, frontends, endpoints)
	for _, closed := range s.closedPorts(refused, closing) {
		if apartFrom(closed.to(), last, closing) <= s.chance {
			continue
		}
		began := false
		var pods []*life
		for _, life := range s.young {
			if endpoints.elsewhere[life.uid] || !s.closedUntil(life, closed, refused, closing) {
				continue
			}
			pods = append(pods, life)
			began = began || !closed.from().Before(life.entered.From.Add(-clockSlack))
		}
		if !began {
			continue
		}
		for _, life := range pods {
			s.tooSoon[life], s.opened[life] = true, closed.to()
		}
	}
}

// closedUntil tells whether the closed port may be the pod's: no probe had connected to
// it, no container of it ended in service before it was seen to be open, the refusals had begun when
// the proxies knew of it, and from then on half as many or more were refused as go to one
// pod, for long enough to tell. What old pods may have refused besides only adds to its
// own.
func (s *starts) closedUntil(life *life, closed closedPort, refused []time.Time, closing []report.Interval) bool {
	entered, to := life.entered.To, closed.to()
	alone := apartFrom(entered, to, closing)
	if life.listened || alone < s.chance || apartFrom(entered, closed.from(), closing) > slowProxyLag+s.chance ||
		slices.ContainsFunc(life.ends, func(t *termination) bool {
			return !t.OutOfService && apartFrom(to, t.begin(), closing) <= s.chance
		}) {
		return false
	}
	since := func(all []time.Time) int {
		first, _ := slices.BinarySearchFunc(all, entered.Add(-clockSlack), time.Time.Compare)
		end, _ := slices.BinarySearchFunc(all, to.Add(1), time.Time.Compare)
		return end - first
	}
	return s.asManyAsOnePods(since(closed.refused), alone) && s.asManyAsOnePods(since(refused), to.Sub(entered))
}

// asManyAsOnePods tells whether so many fresh requests are half of those that go to one
// pod in that time, or more.
func (s *starts) asManyAsOnePods(lost int, during time.Duration) bool {
	return 2*float64(lost) >= s.freshRate*during.Seconds()*s.share
}
