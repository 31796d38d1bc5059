package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// pause lies between two attempts at a server that is out of order.
const pause = 500 * time.Millisecond

// onConflict repeats try while somebody else's change came between its reading
// and its writing. Each attempt reads anew, so nothing is overwritten.
func onConflict(ctx context.Context, try func() error) error {
	for {
		err := try()
		if !apierrors.IsConflict(err) || ctx.Err() != nil {
			return err
		}
	}
}

// warmUp is how long a server that has just begun may refuse everybody, because
// it has not read the rules yet (seen on an API server that was restarted).
const warmUp = 10 * time.Second

// insist repeats try until it succeeds, fails for good, or ctx ends. Reading and
// putting things back insist: a disruption that was refused is a result.
func insist(ctx context.Context, try func() error) error {
	began := time.Now()
	for {
		err := onConflict(ctx, try)
		if err == nil || !passing(err, time.Since(began)) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (gave up: %w)", err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// passing is a failure that may be over soon: no answer at all, or one that
// says that the server is out of order, or is only just coming up.
func passing(err error, after time.Duration) bool {
	if _, noAnswer := errors.AsType[net.Error](err); noAnswer || errors.Is(err, io.EOF) {
		return true
	}
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return after < warmUp
	}
	return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err)
}
