package experiment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// journalFile holds, beside the recording, what the run had still to put back.
const journalFile = "journal.jsonl"

// RestoreError is a workload that could not be put back. It says so whatever
// else became of the run.
type RestoreError struct{ Err error }

func (e *RestoreError) Error() string { return "put the workload back: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *RestoreError) Unwrap() error { return e.Err }

// restoreTimeout bounds the putting back, which goes on after the run's own
// context has ended.
const restoreTimeout = time.Minute

// newDriver gives what does the disruptions, and puts back what they changed.
func (r *run) newDriver() *chaos.Driver {
	senders := ""
	if r.cfg.Check.Inside != nil {
		senders = fleet.JobName(r.cfg.ID)
	}
	return &chaos.Driver{
		Workload: r.workload,
		Run:      r.cfg.ID,
		Senders:  senders,
		Until:    r.cfg.Now().Add(longest(r.cfg.Check, r.inTurn, r.cfg.Settings != nil)),
		Journal:  filepath.Join(r.cfg.Dir, journalFile),
		Record: func(a recording.Action) {
			if r.writer != nil { // settings are rolled out before there is a recording
				r.writer.Action(a)
			}
		},
		Now:    r.cfg.Now,
		Settle: func(ctx context.Context) error { return r.waitAndRenew(ctx, r.cfg.Check.Timing.Settle) },
		Exec:   r.cfg.Exec,
		Output: r.cfg.Output,
		Group:  r.cfg.Group,
	}
}

// claim keeps other runs away, where something is to be done to the workload. It
// comes before everything else that the run does: one that is refused leaves no trace.
func (r *run) claim(ctx context.Context) error {
	if !slices.ContainsFunc(r.cfg.Check.Disruptions, chaos.Claims) {
		return nil
	}
	r.changed = true
	r.at("claiming %s", r.workload)
	return r.driver.Claim(ctx)
}

// restore puts back what is still changed, whatever became of the run.
func (r *run) restore(ctx context.Context) error {
	return r.insist(ctx, r.driver.Restore)
}

// release puts back what is still changed and gives the workload free.
func (r *run) release(ctx context.Context) error {
	err := r.insist(ctx, r.driver.Release)
	if err == nil && !r.gaveUp {
		r.changed = false
	}
	return err
}

var errPanicked = errors.New("the putting back panicked")

// insist is given up once, with an error that says what is left.
func (r *run) insist(ctx context.Context, putBack func(context.Context) error) error {
	if r.gaveUp {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), restoreTimeout, fmt.Errorf("%s are over", restoreTimeout))
	defer cancel()
	err := guard.Call("putting the workload back", func() error { return putBack(ctx) })
	if err == nil {
		return nil
	}
	if _, panicked := errors.AsType[*guard.PanicError](err); panicked {
		left := &chaos.LeftError{Object: r.workload.String(), Namespace: r.cfg.Namespace, What: "what the run did last", Restore: r.cfg.ByHand.Restore(r.workload.String(), r.cfg.Namespace), Err: errPanicked}
		r.gaveUp = true
		return errors.Join(&RestoreError{left}, err)
	}
	_, r.gaveUp = errors.AsType[*chaos.LeftError](err)
	return &RestoreError{err}
}

// overhead is what a run may take beside what its check names: the waits before its
// beginning and at its end, requests that hang, and clocks that differ.
const overhead = 3 * time.Minute

// longest is how long a run of the check takes at most, until it has put everything
// back. A drain of each node in turn is one of so many; settings are rolled out first.
func longest(c check.Check, inTurn int, settings bool) time.Duration {
	pass := time.Duration(0)
	for _, d := range c.Disruptions {
		one := step{Disruption: d}.timeout(c.Timing) + time.Duration(c.Timing.Settle) + time.Duration(d.Pause) + restoreTimeout
		if inEachTurn(d) {
			one *= time.Duration(inTurn)
		}
		pass += time.Duration(max(d.Repeat, 1)) * one
	}
	if c.Soak != nil {
		pass += time.Duration(c.Soak.For) // the last pass begins before that is over
	}
	if c.Prove != nil {
		pass += time.Duration(c.Prove.Within) // neither does a round begin later
	}
	if c.Inside != nil {
		pass += launchTime + removeTimeout
	}
	if settings {
		pass += time.Duration(c.Timing.Timeout) + restoreTimeout
	}
	return time.Duration(c.Timing.Baseline) + pass + overhead
}
