package experiment

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// step is one doing of one disruption of the check.
type step struct {
	// index is the disruption's place in the check.
	index int
	// round is how often the one at that place was done before.
	round int
	check.Disruption
}

// node names the node of a drain that has one, as in "node n1"; empty for others.
func (s step) node() string {
	if s.Drain == nil || s.Drain.Node == check.OfAPod {
		return ""
	}
	return "node " + s.Drain.Node
}

// timeout bounds the step. A span of watching alone takes its own time first.
func (s step) timeout(t check.Timing) time.Duration {
	if s.Observe != nil {
		return time.Duration(s.Observe.For + t.Timeout)
	}
	return time.Duration(t.Timeout)
}

// sequence yields the check's disruptions in the order and at the times at
// which they are to be done. A step is taken as over when the next one is asked
// for. The only error is that of a context that ended a wait, and the last.
func sequence(ctx context.Context, c check.Check) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		rounds := make([]int, len(c.Disruptions))
		for err := range passes(ctx, c.Soak) {
			if err != nil {
				yield(step{}, err)
				return
			}
			if !pass(ctx, c.Disruptions, rounds, yield) {
				return
			}
		}
	}
}

// pass yields every disruption once, with its repeats; it tells whether more
// are wanted.
func pass(ctx context.Context, disruptions []check.Disruption, rounds []int, yield func(step, error) bool) bool {
	for i, d := range disruptions {
		for n := range max(d.Repeat, 1) {
			if n > 0 {
				if err := wait(ctx, d.Pause); err != nil {
					yield(step{}, err)
					return false
				}
			}
			if !yield(step{index: i, round: rounds[i], Disruption: d}, nil) {
				return false
			}
			rounds[i]++
		}
	}
	return true
}

// passes yields at each beginning of the whole sequence: once, or for a soak
// at an even interval as long as new ones are to begin. One that took longer
// than the interval is followed by the next at once, never by two that make up
// for lost time.
func passes(ctx context.Context, soak *check.Soak) iter.Seq[error] {
	return func(yield func(error) bool) {
		if soak == nil {
			yield(nil)
			return
		}
		start := time.Now()
		for begin := start; begin.Sub(start) < time.Duration(soak.For); {
			if !yield(nil) {
				return
			}
			due := begin.Add(time.Duration(soak.Every))
			if due.Sub(start) >= time.Duration(soak.For) {
				return
			}
			if err := wait(ctx, check.Duration(time.Until(due))); err != nil {
				yield(err)
				return
			}
			begin = time.Now()
		}
	}
}

// inEachTurn tells of a drain of one node after the other.
func inEachTurn(d check.Disruption) bool {
	return d.Drain != nil && d.Drain.Node == check.EachInTurn
}

// repetition says in words how often a disruption is done; empty for once.
func repetition(d check.Disruption) string {
	if d.Repeat <= 1 {
		return ""
	}
	text := fmt.Sprintf(", %d times", d.Repeat)
	if d.Pause > 0 {
		text += fmt.Sprintf(", %s after each settling", d.Pause)
	}
	return text
}
