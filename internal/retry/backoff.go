package retry

import (
	"cmp"
	"context"
	"time"
)

const (
	// firstPause is the first wait of a Backoff, which grows twofold up to
	// longestPause.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	// longestAfterConflict bounds the pauses after conflicts: the server is well, and
	// the shorter ago the reading is, the likelier is the write to fit. A minute has
	// room for more than 200 attempts, which is 8 requests per second.
	longestAfterConflict = 250 * time.Millisecond
)

// Backoff waits between attempts, longer each time. Its zero value is ready, for a
// server that is out of order.
type Backoff struct{ next, longest time.Duration }

// AfterConflict gives the pauses between attempts that others' changes came between.
func AfterConflict() Backoff { return Backoff{longest: longestAfterConflict} }

// Wait lets the next pause pass. The error is the cause of ctx's end.
func (b *Backoff) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	pause := max(b.next, firstPause)
	b.next = min(2*pause, cmp.Or(b.longest, longestPause))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
