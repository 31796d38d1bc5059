package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// teardown ends what a run has begun, last in, first out.
type teardown struct {
	parts []part
	// err is why the run ended, and what went wrong with the parts ended so far.
	err error
}

// part is one thing that a run has begun.
type part struct {
	// name says what its end is, as in "waiting for the requests in flight".
	name string
	// limit is the time that the end may take; zero for what cannot be cut short.
	limit time.Duration
	// stop ends it, and returns soon after its context has ended.
	stop func(ctx context.Context) error
}

func (t *teardown) add(name string, limit time.Duration, stop func(ctx context.Context) error) {
	t.parts = append(t.parts, part{name, limit, stop})
}

// run ends every part, whatever becomes of the others, and also where ctx has ended.
// Each is told to at before it is begun.
func (t *teardown) run(ctx context.Context, at func(name string)) error {
	for _, p := range slices.Backward(t.parts) {
		at(p.name)
		t.fail(guard.Call(p.name, func() error { return p.end(context.WithoutCancel(ctx)) }))
	}
	return t.err
}

func (p part) end(ctx context.Context) error {
	if p.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.limit, fmt.Errorf("%s are over", p.limit))
		defer cancel()
	}
	return p.stop(ctx)
}

// fail adds what else went wrong, where it is not known yet: what failed beside the
// phases is also why they ended.
func (t *teardown) fail(errs ...error) {
	for _, err := range errs {
		if err != nil && !errors.Is(t.err, err) {
			t.err = errors.Join(t.err, err)
		}
	}
}
