package experiment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// setUp rolls the run's settings out, where it has some, and tells since when the pods are
// Ready then.
func (r *run) setUp(ctx context.Context, readySince time.Time) (time.Time, error) {
	if r.cfg.Settings == nil {
		return readySince, nil
	}
	r.at("rolling out the settings of %s", r.workload)
	r.cfg.tell("rolling out: %s", r.cfg.Settings)
	// The journal comes before the recording.
	if err := os.MkdirAll(r.cfg.Dir, 0o700); err != nil {
		return time.Time{}, fmt.Errorf("make the run's folder: %w", err)
	}
	if err := rollOut(ctx, r.driver, r.cfg); err != nil {
		return time.Time{}, err
	}
	return r.workload.Healthy(ctx)
}

// rollOut does so within the time of a disruption.
func rollOut(ctx context.Context, driver *chaos.Driver, cfg Config) error {
	timeout := time.Duration(cfg.Check.Timing.Timeout)
	within, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%s are over", timeout))
	defer cancel()
	err := driver.SetUp(within, *cfg.Settings)
	if err != nil && ctx.Err() != nil {
		return cause(ctx)
	}
	return err
}

// stood notes where somebody else has taken the settings away while the run was at work:
// then the pods that ended may have had others.
func (r *run) stood(ctx context.Context) error {
	err := r.driver.Stand(ctx)
	if reverted, ok := errors.AsType[*chaos.RevertedError](err); ok {
		r.unproven = reverted.Error()
		return nil
	}
	return err
}

// Apply rolls the settings out for good: they are there when it returns, or everything is
// put back. Nothing is sent meanwhile. The errors are those of Run.
func Apply(ctx context.Context, cfg Config) error {
	plan, err := preflight(ctx, cfg, nil)
	if err != nil {
		return err
	}
	r := &run{cfg: cfg, workload: plan.workload, changed: true}
	r.driver = r.newDriver()
	r.driver.Senders = "" // none are made
	err = guard.Call("the rollout of the settings", func() error {
		r.at("rolling out the settings of %s", r.workload)
		if err := rollOut(ctx, r.driver, cfg); err != nil {
			return err
		}
		return r.driver.Keep(ctx)
	})
	if err != nil {
		return errors.Join(err, r.release(ctx))
	}
	r.changed = false
	r.at("done")
	return nil
}
