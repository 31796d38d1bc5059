package report

import (
	"math"
	"slices"
	"time"
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

// rotation gathers the fresh connections around the pods' leaving.
type rotation struct {
	// leaving holds the terminations by the time at which they left the slice.
	leaving []*Termination
}

func newRotation(ended []*Termination) *rotation {
	r := &rotation{}
	for _, t := range ended {
		if t.LeftSlice.Known() && t.Container == "" {
			r.leaving = append(r.leaving, t)
		}
	}
	slices.SortStableFunc(r.leaving, func(a, b *Termination) int {
		return a.LeftSlice.From.Compare(b.LeftSlice.From)
	})
	return r
}

// freshConnection is a request on a connection of its own making.
type freshConnection struct {
	sent time.Time
	ok   bool
}

// take notes a fresh connection for each pod that had left shortly before.
func (r *rotation) take(c freshConnection) {
	first, _ := slices.BinarySearchFunc(r.leaving, c.sent.Add(-rotationReach), func(t *Termination, from time.Time) int {
		return t.LeftSlice.From.Compare(from)
	})
	for _, t := range r.leaving[first:] {
		if t.LeftSlice.From.After(c.sent) {
			return
		}
		t.fresh = append(t.fresh, c)
	}
}

// settle tells for each pod when the proxies had forgotten it, as far as the
// traffic proves it: right after the last failure that precedes a run of
// successes long enough. A failure that a new pod explains says nothing about
// the old ones.
func (r *rotation) settle(endpoints int, starts *starts) {
	enough := int(math.Ceil(math.Log(rotationDoubt) / math.Log(1-1/float64(endpoints+1))))
	for _, t := range r.leaving {
		slices.SortFunc(t.fresh, func(a, b freshConnection) int { return a.sent.Compare(b.sent) })
		last, run := t.LeftSlice.To, 0
		for _, c := range t.fresh {
			// Before its exit the pod may have been the one that answered.
			if c.ok && c.sent.Before(t.exit().To) {
				continue
			}
			if !c.ok {
				// No proxy is that late: whatever it is, it is not this pod.
				if !starts.lateAt(c.sent) && c.sent.Before(t.LeftSlice.To.Add(looseProxyLag)) {
					last, run = c.sent, 0
				}
				continue
			}
			if run++; run == enough {
				t.forgotten = last
				break
			}
		}
		t.fresh = nil
	}
}
