package attack

import (
	"context"
	"time"
)

// timerSlack is where the runtime's timers are too coarse: they are late by half a
// millisecond in the middle and by more than one at times (epoll counts in
// milliseconds; golang/go#53824). It is also for how long a stop may go unheard.
const timerSlack = 2 * time.Millisecond

// alarm waits for moments of the run's clock, far ones on a timer that a stop
// cuts short, and the last two milliseconds in precise sleeps. It belongs to one goroutine.
type alarm struct {
	now            Clock
	timer          *time.Timer
	sleepPrecisely func(time.Duration) // nil where it is of no use
}

func newAlarm(now Clock) *alarm {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &alarm{now: now, timer: timer, sleepPrecisely: sleepPrecisely}
}

// wait returns true at that moment, or at once if it has passed, and false as
// soon as ctx ends before.
func (a *alarm) wait(ctx context.Context, moment time.Time) bool {
	for {
		now := a.now()
		left := moment.Sub(now)
		switch {
		case left <= 0:
			return true
		case a.sleepPrecisely == nil:
			if !a.sleep(ctx, left) {
				return false
			}
		case left > timerSlack:
			if !a.sleep(ctx, left-timerSlack) {
				return false
			}
		default:
			if ctx.Err() != nil {
				return false
			}
			a.sleepPrecisely(left)
			if a.now().Equal(now) {
				a.sleepPrecisely = nil // a test holds the clock
			}
		}
	}
}

// sleep waits on the timer, and returns false if ctx ended before.
func (a *alarm) sleep(ctx context.Context, d time.Duration) bool {
	a.timer.Reset(d)
	select {
	case <-a.timer.C:
		return true
	case <-ctx.Done():
		a.timer.Stop()
		return false
	}
}
