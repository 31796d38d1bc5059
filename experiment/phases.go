package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// phases takes the run from the baseline to the last settling.
func (r *run) phases(ctx context.Context) error {
	if err := r.baseline(ctx); err != nil {
		return err
	}
	counts := r.load.counts(ctx)
	if ok, silent, faulted := sound(counts); !ok {
		// Whatever it lost afterwards would prove nothing, and a service in
		// trouble is not to be disturbed.
		switch {
		case faulted != "":
			r.unproven = fmt.Sprintf("stream %s had no answer within the baseline of %s, so nothing was done; requests failed on the client's own side",
				faulted, r.cfg.Check.Timing.Baseline)
			if r.found != "" {
				r.unproven += "; " + fmt.Sprintf(otherDomain, r.found)
			}
		case silent != "":
			r.unproven = fmt.Sprintf("stream %s had no answer within the baseline of %s, so nothing was done; a baseline has to be longer than the requests take",
				silent, r.cfg.Check.Timing.Baseline)
		}
		return nil
	}
	if r.unproven = cmp.Or(r.redirected(counts), r.strangers()); r.unproven != "" {
		return nil
	}
	r.openWindow(ctx)
	watched, end := r.untilBudgetGone(ctx)
	err := r.disruptions(watched)
	end()
	return r.stop(ctx, err)
}

// disruptions does them all, one after the other, or until a share is proven where the check
// asks for that.
func (r *run) disruptions(ctx context.Context) error {
	if r.cfg.Check.Prove != nil {
		return r.prove(ctx)
	}
	return r.disruptAll(ctx, sequence(ctx, r.cfg.Check))
}

// disruptAll takes the steps one after the other, up to the first that does not come to its
// end.
func (r *run) disruptAll(ctx context.Context, steps iter.Seq2[step, error]) error {
	for s, err := range steps {
		if err != nil {
			return err
		}
		if err := r.disruptInParts(ctx, s); err != nil || r.unproven != "" {
			return err
		}
	}
	return nil
}

// disruptInParts does one step, which may be a drain of one node after the other: each of
// these is a disruption with a time and a settling of its own.
func (r *run) disruptInParts(ctx context.Context, s step) error {
	for part, err := range r.workload.Parts(ctx, s.Disruption) {
		switch {
		case err != nil && ctx.Err() != nil:
			return cause(ctx)
		case err != nil:
			return err
		}
		s.Disruption = part
		if err := r.disrupt(ctx, s); err != nil || r.unproven != "" {
			return err
		}
	}
	return nil
}

func (r *run) baseline(ctx context.Context) error {
	defer r.enter(ctx, recording.Baseline, step{index: recording.NoDisruption})()
	r.tryWindow()
	return r.waitAndRenew(ctx, r.cfg.Check.Timing.Baseline)
}

func (r *run) disrupt(ctx context.Context, s step) error {
	err := r.do(ctx, s)
	switch {
	case err == nil:
		defer r.enter(ctx, recording.Settle, s)()
		return r.waitAndRenew(ctx, r.cfg.Check.Timing.Settle)
	case ctx.Err() != nil:
		return cause(ctx)
	default:
		if _, ok := errors.AsType[*chaos.NotSteadyError](err); !ok {
			return err
		}
		// It has run out of its time: put back what can be put back, and see
		// how that goes before the load ends.
		r.unproven = err.Error()
		r.at("putting %s back", r.workload)
		if err := r.restore(ctx); err != nil {
			return err
		}
		defer r.enter(ctx, recording.Settle, s)()
		return wait(ctx, r.cfg.Check.Timing.Settle)
	}
}

func (r *run) do(ctx context.Context, s step) error {
	defer r.enter(ctx, recording.Disrupt, s)()
	timeout := s.timeout(r.cfg.Check.Timing)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%s are over", timeout))
	defer cancel()
	r.driver.Round = s.round
	r.at("doing the %s of %s", s.Kind(), r.cfg.Check.Workload)
	return r.driver.Do(ctx, s.index, s.Disruption)
}

// enter begins a phase; the function it returns ends it.
func (r *run) enter(ctx context.Context, phase recording.RunPhase, s step) func() {
	var spread map[string]map[string]int
	if phase == recording.Disrupt {
		spread = r.load.spread(ctx)
	}
	r.stage.set(phase, s.Kind(), r.cfg.Now(), length(phase, s, r.cfg.Check.Timing))
	r.writer.Action(recording.Action{At: r.cfg.Now(), Kind: recording.PhaseBegan, Phase: phase, Disruption: s.index, Round: s.round, Name: s.Kind(), Detail: s.node(), Spread: spread})
	r.at("in the phase %s", phase)
	r.wakeProgress()
	return func() {
		r.writer.Action(recording.Action{At: r.cfg.Now(), Kind: recording.PhaseEnded, Phase: phase, Disruption: s.index, Round: s.round, Name: s.Kind()})
	}
}

// waitAndRenew waits before a disruption. Halfway it spreads the kept
// connections anew: the proxies follow a pod that has just become Ready up to a
// second later, and until then a pool can only miss it.
func (r *run) waitAndRenew(ctx context.Context, d check.Duration) error {
	if err := wait(ctx, d/2); err != nil {
		return err
	}
	r.load.renew(ctx)
	return wait(ctx, d-d/2)
}

// proxiesFollow is how long the nodes' proxies may take to send requests to a
// pod that has become Ready, with room to spare. Measured: a service's address
// refused connections for 1.3 s after the last of its first pods was Ready.
const proxiesFollow = 3 * time.Second

// untilFollowed is how long to wait until every proxy knows pods that are Ready
// since then. A node's clock that is wrong makes it no longer than that.
func untilFollowed(readySince, now time.Time) check.Duration {
	return check.Duration(min(max(0, readySince.Add(proxiesFollow).Sub(now)), proxiesFollow))
}

// wait lets time pass while the load goes on.
func wait(ctx context.Context, d check.Duration) error {
	timer := time.NewTimer(time.Duration(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return cause(ctx)
	}
}

// cause tells a user's interruption from a watch that failed.
func cause(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return ErrInterrupted
}
