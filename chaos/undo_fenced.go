package chaos

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// fenced writes to one object until it is known what became of it. look reads the
// object and gives the write that is to be made of it, nil for none. The write has
// to bear the resource version that was read: then somebody else's change refuses
// it, and when it has gone through, no earlier one whose answer was lost can any
// more.
//
// when is the time around the write that went through. Where its answer was lost it
// ends when the object was found to be written; where nothing was written it is
// zero. If ctx ends first, what became of the last write may be unknown.
func fenced(ctx context.Context, during timer, look func() (write func() error, err error)) (when span, err error) {
	began := time.Now()
	var outage retry.Backoff
	contention := retry.AfterConflict()
	var unanswered *span
	for {
		write, err := look()
		if err != nil {
			return span{}, err
		}
		if write == nil {
			if unanswered == nil {
				return span{}, nil
			}
			found, err := during(func() error { return nil })
			return span{at: unanswered.at, done: found.at}, err
		}
		when, failure := during(write)
		pace := &outage
		switch {
		case failure == nil:
			return when, nil
		case retry.Unknown(failure):
			if unanswered == nil {
				unanswered = &when
			}
		case apierrors.IsConflict(failure):
			pace = &contention
		case !retry.Passing(failure, time.Since(began)):
			return span{}, failure
		}
		if ended := pace.Wait(ctx); ended != nil {
			return span{}, fmt.Errorf("%w (gave up: %w)", failure, ended)
		}
	}
}
