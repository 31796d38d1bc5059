package analysis

import (
	"cmp"
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
	// byPod are the places in leaving of each pod's name; inUse is when each of leaving
	// last answered, before it exited, a new connection: until then it was in rotation,
	// whatever its slice said.
	byPod map[string][]int
	inUse []time.Time
	// evidence is that of each settled one.
	evidence [][]refusals
	// enough is how many successes in a row are a proof.
	enough int
	// delay is how much later than others of its time a request may be told.
	delay time.Duration
	// recent are those that a pod which is not settled may need. Those of several senders
	// come segment by segment, far from the order of their times.
	recent []recentConnection
	// newest is when the last of those taken was sent, by each sender: one that could
	// not be reached for a while is read long after others of its time. Of those that
	// are in lost nothing may follow.
	newest []time.Time
	lost   []bool
	// sweepAt is how many recent ones are looked through next.
	sweepAt int
}

// sweepLeast is how many fresh connections are held at the least before they are
// looked through.
const sweepLeast = 1 << 14

// newRotation takes the longest time that a request may take, how many endpoints were
// ready at the most, and the senders.
func newRotation(ended []*ending, longest time.Duration, endpoints int, senders []*sender) *rotation {
	r := &rotation{
		enough: int(math.Ceil(math.Log(rotationDoubt) / math.Log(1-leastShare(senders)/float64(endpoints+1)))),
		// A segment is written when it is some seconds old. A machine that is
		// busy may take as long again, or longer.
		delay:   longest + 10*recording.SegmentAge,
		newest:  make([]time.Time, max(1, len(senders))),
		lost:    make([]bool, max(1, len(senders))),
		sweepAt: sweepLeast,
	}
	for i, s := range senders {
		r.lost[i] = s.lost != ""
	}
	for _, t := range ended {
		if t.LeftSlice.Known() && t.Container == "" {
			r.leaving = append(r.leaving, t)
		}
	}
	slices.SortStableFunc(r.leaving, func(a, b *ending) int {
		return a.LeftSlice.From.Compare(b.LeftSlice.From)
	})
	r.byPod, r.inUse = map[string][]int{}, make([]time.Time, len(r.leaving))
	for i, t := range r.leaving {
		r.byPod[t.Pod] = append(r.byPod[t.Pod], i)
	}
	return r
}

// freshConnection is a request on a connection of its own making.
type freshConnection struct {
	sender int
	sent   time.Time
	ok     bool
	pod    string // that answered; empty where none is named
}

// recentConnection is one that is held.
type recentConnection struct {
	sent int64 // as time.Time.UnixNano
	// place is where it was before the others were brought into order.
	place int32
	ok    bool
}

// take notes a fresh connection if a pod had left shortly before.
func (r *rotation) take(c freshConnection) {
	for _, i := range r.byPod[c.pod] {
		if c.ok && !c.sent.After(r.leaving[i].exit().To) {
			r.inUse[i] = later(r.inUse[i], c.sent)
		}
	}
	first, _ := slices.BinarySearchFunc(r.leaving, c.sent.Add(-rotationReach), func(t *ending, from time.Time) int {
		return t.LeftSlice.From.Compare(from)
	})
	if c.sender >= 0 && c.sender < len(r.newest) {
		r.newest[c.sender] = later(r.newest[c.sender], c.sent)
	}
	if first == len(r.leaving) || r.leaving[first].LeftSlice.From.After(c.sent) {
		return
	}
	if r.recent = append(r.recent, recentConnection{sent: c.sent.UnixNano(), ok: c.ok}); len(r.recent) >= r.sweepAt {
		r.sweep(r.reached().Add(-r.delay))
		r.sweepAt = max(sweepLeast, 2*len(r.recent))
	}
}

// reached is until when all senders have been read that may not have ended.
func (r *rotation) reached() time.Time {
	all, newest := endless, time.Time{}
	for i, last := range r.newest {
		newest = later(newest, last)
		if !r.lost[i] {
			all = earlier(all, last)
		}
	}
	return earlier(all, newest)
}

// sweep takes the evidence of the pods for which nothing can come any more that was
// sent before a time, and lets go of what no other pod needs.
func (r *rotation) sweep(before time.Time) {
	r.sort()
	for ; r.settled < len(r.leaving); r.settled++ {
		t := r.leaving[r.settled]
		until := t.LeftSlice.From.Add(rotationReach)
		if !until.Before(before) {
			break
		}
		r.evidence = append(r.evidence, r.refusals(r.settled, r.between(t.LeftSlice.From, until)))
	}
	if r.settled == len(r.leaving) {
		r.recent = nil
		return
	}
	needed := r.from(r.leaving[r.settled].LeftSlice.From)
	r.recent = append(r.recent[:0], r.recent[needed:]...)
}

// sort brings the recent ones into the order in which they were sent; those of one time
// stay as they were. That is what slices.SortStableFunc does, which takes several times
// as long for those of many senders.
func (r *rotation) sort() {
	for i := range r.recent {
		r.recent[i].place = int32(i)
	}
	slices.SortFunc(r.recent, func(a, b recentConnection) int {
		return cmp.Or(cmp.Compare(a.sent, b.sent), cmp.Compare(a.place, b.place))
	})
}

// between gives the recent ones that were sent from one time to another.
func (r *rotation) between(from, to time.Time) []recentConnection {
	return r.recent[r.from(from):r.from(to.Add(1))]
}

// from is the first of the recent ones that was sent then or later.
func (r *rotation) from(when time.Time) int {
	first, _ := slices.BinarySearchFunc(r.recent, when.UnixNano(), func(c recentConnection, when int64) int { return cmp.Compare(c.sent, when) })
	return first
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
func (r *rotation) refusals(leaving int, connections []recentConnection) []refusals {
	var all []refusals
	t := r.leaving[leaving]
	exit, latest := t.exit().To, later(t.LeftSlice.To, r.inUse[leaving]).Add(looseProxyLag)
	run := refusals{}
	for _, c := range connections {
		sent := time.Unix(0, c.sent).UTC()
		switch {
		case !c.ok && sent.Before(latest):
			// No proxy is later than that: whatever it is, it is not this pod.
			all = append(all, run)
			run = refusals{sent: sent}
		case c.ok && !sent.Before(exit):
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
		last := later(t.LeftSlice.To, r.inUse[i])
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
