package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// lookInterval lies between two looks at a workload that is waited for.
const lookInterval = 500 * time.Millisecond

// await looks again and again until what is waited for is there, for so long at most, and
// tells whether it is. A look that fails as a server does that is out of order is repeated
// within that time; any other failure ends the waiting.
func await(ctx context.Context, limit time.Duration, look func() (bool, error)) (there bool, err error) {
	within, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s are over", limit))
	defer cancel()
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		err := retry.Insist(within, func() (err error) {
			there, err = look()
			return err
		})
		switch {
		case ctx.Err() != nil:
			return false, cause(ctx)
		case err != nil || there:
			return there, err
		}
		select {
		case <-ticker.C:
		case <-within.Done():
			if ctx.Err() != nil {
				return false, cause(ctx)
			}
			return false, nil
		}
	}
}

// AwaitHealthy waits until the workload is fit for a run: pods of the one before may still
// be ending. It does so for as long as a disruption may take; then the error is the
// chaos.UnhealthyError that says why it is not.
func AwaitHealthy(ctx context.Context, cfg Config) error {
	workload, err := chaos.Open(ctx, cfg.Act, cfg.Namespace, cfg.Check.Workload, cfg.Now(), cfg.ByHand)
	if err != nil {
		return err
	}
	var unhealthy *chaos.UnhealthyError
	there, err := await(ctx, time.Duration(cfg.Check.Timing.Timeout), func() (bool, error) {
		_, err := workload.Healthy(ctx)
		if errors.As(err, &unhealthy) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil || there {
		return err
	}
	return unhealthy
}
