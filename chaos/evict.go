package chaos

import (
	"context"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// evict asks the eviction API to end pods, one after the other.
type evict struct{ *check.Evict }

func (c evict) count() int { return max(c.Pods, 1) }

func (c evict) validate(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	return "pods", tooMany(w, s, c.count()), nil
}

func (c evict) describe(w *Workload, s *state) string {
	return fmt.Sprintf("evict %d of the %s of %s, one after the other, %s", c.count(), podCount(s.replicas), w, budgetManner(c.WhenRefused))
}

func budgetManner(when check.WhenRefused) string {
	if when == check.Fail {
		return "and end where a PodDisruptionBudget refuses it"
	}
	return "as PodDisruptionBudgets allow"
}

func (evict) permissions(check.Workload) []Permission {
	return []Permission{{Verb: "create", Resource: "pods", Subresource: "eviction"}}
}

// do asks for one pod after the other, as soon as the one before is granted: it
// is the PodDisruptionBudget's part to make the next wait for a replacement.
func (c evict) do(ctx context.Context, a *attempt, s state) error {
	chosen, err := a.choosePods(c.count())
	if err != nil {
		return err
	}
	for _, pod := range chosen {
		granted, err := a.evictPod(ctx, pod, c.WhenRefused)
		if err != nil {
			return err
		}
		if !granted {
			return &waitError{reason: goneBefore([]string{pod.Name}), err: errForestalled}
		}
		a.doomed = append(a.doomed, pod)
	}
	return a.replaced(ctx, s.meta.Generation)
}
