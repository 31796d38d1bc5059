package retry

import (
	"context"
	"time"
)

const (
	// firstPause is the first wait of a Backoff, which grows twofold up to
	// longestPause.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// Backoff waits between attempts, longer each time. Its zero value is ready.
type Backoff struct{ next time.Duration }

// Wait lets the next pause pass. The error is the cause of ctx's end.
func (b *Backoff) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	pause := max(b.next, firstPause)
	b.next = min(2*pause, longestPause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
