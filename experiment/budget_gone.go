package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// budgetGoneError ends a run whose check asks for that (stopOnFailure).
type budgetGoneError struct{ why string }

func (e *budgetGoneError) Error() string { return e.why }

// gone tells why a budget is used up by so many failures, whatever they turn out to be;
// empty while none is. While requests are sent it is not known which of the failed ones are
// maskable or can be explained: so only more than both budgets of failed ones allow are too
// many, and no budget of unexplained ones, nor of latency, is ever used up.
func gone(c check.Check, counts []sender.StreamStatus) string {
	failed := map[string]uint64{}
	var sum uint64
	for _, s := range counts {
		failed[s.Name] = s.Failed
		sum += s.Failed
	}
	if sum > allowed(c.Budget) {
		return fmt.Sprintf("%s had failed, %s", text.Count(int(sum), "request"), allows(c.Budget))
	}
	for _, s := range c.Streams {
		if s.Budget == nil || s.Budget.Failed == nil {
			continue
		}
		if own := s.Budget.Beside(c.Budget); failed[s.Name] > allowed(own) {
			return fmt.Sprintf("%s of stream %s had failed, %s", text.Count(int(failed[s.Name]), "request"), s.Name, allows(own))
		}
	}
	return ""
}

func allowed(b check.Budget) uint64 { return uint64(b.Failed) + uint64(b.Maskable) }

func allows(b check.Budget) string {
	if b.Maskable == 0 {
		return fmt.Sprintf("the budget is %d", b.Failed)
	}
	return fmt.Sprintf("the budget is %d and %d maskable ones", b.Failed, b.Maskable)
}

// budgetInterval is how often it is looked at.
const budgetInterval = time.Second

// untilBudgetGone gives a context that ends when a budget is used up, where the check wants
// that. What watches it has ended when the function that is returned has.
func (r *run) untilBudgetGone(ctx context.Context) (context.Context, func()) {
	if !r.cfg.Check.StopOnFailure {
		return ctx, func() {}
	}
	watched, end := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := guard.Call("watching the budget", func() error {
			ticker := time.NewTicker(budgetInterval)
			defer ticker.Stop()
			for {
				select {
				case <-watched.Done():
					return nil
				case <-ticker.C:
				}
				if why := gone(r.cfg.Check, r.load.counts(watched)); why != "" {
					return &budgetGoneError{why}
				}
			}
		})
		if err != nil {
			end(err)
		}
	}()
	return watched, func() { end(nil); <-ended }
}

// stop ends a run whose budget is gone: what it changed is put back at once, and the load
// goes on for one settling more, so that it is seen how what was ending has ended. Another
// end of the run is left as it is.
func (r *run) stop(ctx context.Context, why error) error {
	gone, ok := errors.AsType[*budgetGoneError](why)
	if !ok {
		return why
	}
	r.stopped = gone.why
	r.at("putting %s back", r.workload)
	if err := r.restore(ctx); err != nil {
		return err
	}
	defer r.enter(ctx, recording.Settle, step{index: recording.NoDisruption})()
	return wait(ctx, r.cfg.Check.Timing.Settle)
}
