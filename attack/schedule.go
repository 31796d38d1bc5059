package attack

import (
	"math"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// schedule is an open loop: each request has its time, whatever became of those
// before it. Stages come first, and then request n follows the one before after
// 1/rate.
type schedule struct {
	began  time.Time
	stages []stage
	// after and sent are when the stages end, and how many requests they hold.
	after time.Duration
	sent  float64
	rate  float64 // requests per second
}

// stage lets the rate go evenly from one to another.
type stage struct {
	begins time.Duration
	over   float64 // seconds
	// before is how many requests came before it, holds how many come in it.
	before, holds float64
	from, to      float64 // requests per second
}

func newSchedule(began time.Time, s check.Stream) schedule {
	planned := schedule{began: began, rate: s.Rate}
	from := 0.0
	for _, spec := range s.Stages {
		over := time.Duration(spec.Over).Seconds()
		next := stage{begins: planned.after, over: over, before: planned.sent, holds: (from + spec.To) / 2 * over, from: from, to: spec.To}
		planned.stages = append(planned.stages, next)
		planned.after += time.Duration(spec.Over)
		planned.sent += next.holds
		from = spec.To
	}
	return planned
}

// at is when request n (from 0) is due.
func (s schedule) at(n uint64) time.Time {
	number := float64(n)
	for _, stage := range s.stages {
		if number < stage.before+stage.holds {
			return s.began.Add(stage.begins + seconds(stage.time(number-stage.before)))
		}
	}
	return s.began.Add(s.after + seconds((number-s.sent)/s.rate))
}

// time is when, in seconds from the stage's beginning, so many requests have come:
// from·t + (to-from)/(2·over)·t² = n, in the form that bears an even rate too.
func (s stage) time(n float64) float64 {
	if n <= 0 {
		return 0
	}
	return 2 * n / (s.from + math.Sqrt(s.from*s.from+2*(s.to-s.from)/s.over*n))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// before counts the requests that are due before t.
func (s schedule) before(t time.Time) uint64 {
	elapsed := t.Sub(s.began)
	if elapsed <= 0 {
		return 0
	}
	// The product may be off by rounding, or by what the stages hold; at decides.
	n := uint64(max(0, (elapsed-s.after).Seconds()*s.rate+s.sent))
	if elapsed < s.after {
		n = 0
	}
	for s.at(n).Before(t) {
		n++
	}
	for n > 0 && !s.at(n-1).Before(t) {
		n--
	}
	return n
}
