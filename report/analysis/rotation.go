package analysis

import (
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The API does not tell when the proxies have dropped an endpoint. The traffic
// does: while a dead pod is in rotation among m endpoints, a fresh connection
// goes to it with a probability of 1/m. A run of fresh connections that all
// succeed shows that it is no longer there.

// rotationReach is how long after leaving the slice the traffic is looked at.
const rotationReach = 10 * time.Second

// rotationDoubt is the probability at which a run of successes is taken as
// proof.
const rotationDoubt = 0.001

// rotation gathers the fresh connections around the pods' leaving. It holds those
// of the last while one by one, until none that was sent before can come any more;
// then what they tell of a pod takes little room.
type rotation struct {
	// leaving holds the terminations by the time at which they left the slice;
	// the first settled ones have their evidence.
	leaving []*ending
	settled int
	// evidence is that of each settled one.
	evidence [][]refusals
	// enough is how many successes in a row are a proof.
	enough int
	// delay is how much later than others of its time a request may be told.
	delay time.Duration
	// recent are those that a pod which is not settled may need.
	recent []freshConnection
	// newest is when the last of those taken was sent, sweepAt how many recent ones
	// are looked through next.
	newest  time.Time
	sweepAt int
}

// sweepLeast is how many fresh connections are held at the least before they are
// looked through.
const sweepLeast = 1 << 14

// newRotation takes the longest time that a request may take, and how many
// endpoints were ready at the most.
func newRotation(ended []*ending, longest time.Duration, endpoints int) *rotation {
	r := &rotation{
		enough: int(math.Ceil(math.Log(rotationDoubt) / math.Log(1-1/float64(endpoints+1)))),
		// A segment is written when it is some seconds old. A machine that is
		// busy may take as long again, or longer.
		delay:   longest + 10*recording.SegmentAge,
		sweepAt: sweepLeast,
	}
	for _, t := range ended {
		if t.LeftSlice.Known() && t.Container == "" {
			r.leaving = append(r.leaving, t)
		}
	}
	slices.SortStableFunc(r.leaving, func(a, b *ending) int {
		return a.LeftSlice.From.Compare(b.LeftSlice.From)
	})
	return r
}

// freshConnection is a request on a connection of its own making.
type freshConnection struct {
	sent time.Time
	ok   bool
}

// take notes a fresh connection if a pod had left shortly before.
func (r *rotation) take(c freshConnection) {
	first, _ := slices.BinarySearchFunc(r.leaving, c.sent.Add(-rotationReach), func(t *ending, from time.Time) int {
		return t.LeftSlice.From.Compare(from)
	})
	r.newest = later(r.newest, c.sent)
	if first == len(r.leaving) || r.leaving[first].LeftSlice.From.After(c.sent) {
		return
	}
	if r.recent = append(r.recent, c); len(r.recent) >= r.sweepAt {
		r.sweep(r.newest.Add(-r.delay))
		r.sweepAt = max(sweepLeast, 2*len(r.recent))
	}
}

// sweep takes the evidence of the pods for which nothing can come any more that was
// sent before a time, and lets go of what no other pod needs.
func (r *rotation) sweep(before time.Time) {
	slices.SortStableFunc(r.recent, func(a, b freshConnection) int { return a.sent.Compare(b.sent) })
	for ; r.settled < len(r.leaving); r.settled++ {
		t := r.leaving[r.settled]
		until := t.LeftSlice.From.Add(rotationReach)
		if !until.Before(before) {
			break
		}
		r.evidence = append(r.evidence, r.refusals(t, r.between(t.LeftSlice.From, until)))
	}
	if r.settled == len(r.leaving) {
		r.recent = nil
		return
	}
	needed := r.between(r.leaving[r.settled].LeftSlice.From, endless)
	r.recent = append(r.recent[:0], needed...)
}

// between gives the recent ones that were sent from one time to another.
func (r *rotation) between(from, to time.Time) []freshConnection {
	bySent := func(c freshConnection, when time.Time) int { return c.sent.Compare(when) }
	first, _ := slices.BinarySearchFunc(r.recent, from, bySent)
	end, _ := slices.BinarySearchFunc(r.recent, to.Add(1), bySent)
	return r.recent[first:end]
}

// refusals are the fresh connections around a pod's leaving: a failure, and how
// many in a row succeeded after it. The first has no failure.
type refusals struct {
	sent      time.Time
	successes int
}

// refusals counts, from a pod's exit on, the successes between the failures, as far
// as a proof needs them. Before its exit the pod may have been the one that
// answered.
func (r *rotation) refusals(t *ending, connections []freshConnection) []refusals {
	var all []refusals
	exit := t.exit().To
	run := refusals{}
	for _, c := range connections {
		switch {
		case !c.ok && c.sent.Before(t.LeftSlice.To.Add(looseProxyLag)):
			// No proxy is later than that: whatever it is, it is not this pod.
			all = append(all, run)
			run = refusals{sent: c.sent}
		case c.ok && !c.sent.Before(exit):
			run.successes++
		}
		if run.successes == r.enough {
			break
		}
	}
	return append(all, run)
}

// settle tells for each pod, by the number of its ending, when the proxies had
// forgotten it, as far as the traffic proves it: right after the last failure that
// precedes a run of successes long enough. A failure that a new pod may have made
// proves nothing of the old ones, neither that they were forgotten nor that not.
func (r *rotation) settle(starts *starts) map[int]time.Time {
	r.sweep(endless)
	forgotten := map[int]time.Time{}
	for i, t := range r.leaving {
		last := t.LeftSlice.To
		for j, refused := range r.evidence[i] {
			if j > 0 {
				if starts.lateAt(refused.sent) {
					break
				}
				last = refused.sent
			}
			if refused.successes >= r.enough {
				forgotten[t.number] = last
				break
			}
		}
	}
	return forgotten
}
