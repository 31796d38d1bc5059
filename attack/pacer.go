package attack

import (
	"context"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// pacer is a stream's vegeta.Pacer. It waits itself, instead of telling vegeta
// how long to sleep, because vegeta's sleep cannot be ended and is half a
// millisecond late. Only vegeta's dispatcher calls it.
type pacer struct {
	ctx      context.Context //nolint:containedctx // vegeta.Pacer has no room for one
	schedule schedule
	share    Share
	alarm    *alarm
	task     string
	fail     func(panicked error)

	// released is how many requests were let go.
	released uint64
	// onTime tells that the stop came while the next request was not yet due.
	onTime bool
}

func newPacer(ctx context.Context, s *sender, planned schedule) *pacer {
	return &pacer{ctx: ctx, schedule: planned, share: s.share, alarm: newAlarm(s.now), task: s.task, fail: s.fail}
}

// Pace returns when the sender's request number hits is due, or at once if it is late. It
// never asks vegeta to wait. A panic here ends the stream.
func (p *pacer) Pace(_ time.Duration, hits uint64) (wait time.Duration, stop bool) {
	defer guard.Catch(p.task, func(panicked error) {
		p.fail(panicked)
		stop = true
	})
	if p.ctx.Err() != nil {
		return 0, true
	}
	if !p.alarm.wait(p.ctx, p.schedule.at(p.share.seq(hits))) {
		p.onTime = true
		return 0, true
	}
	p.released = hits + 1
	return 0, false
}

// Rate is part of vegeta.Pacer.
func (p *pacer) Rate(time.Duration) float64 { return p.schedule.rate / float64(p.share.of()) }

// scheduled is how many requests the schedule wanted of the sender by the time it
// was stopped, of which so many were sent. That a single one is missing tells nothing of
// the machine: if it is due just as the stop comes, vegeta's dispatcher chooses by chance
// which of the two it follows. It may be asked after the attack has ended.
func (p *pacer) scheduled(stopped time.Time, sent uint64) uint64 {
	wanted := p.released
	if !p.onTime {
		wanted = max(wanted, p.share.count(p.schedule.before(stopped)))
	}
	if wanted == sent+1 {
		return sent
	}
	return wanted
}
