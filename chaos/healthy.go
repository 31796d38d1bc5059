package chaos

import (
	"context"
	"fmt"
)

// Healthy tells whether the workload is fit for a check: it wants at least one
// pod, all it wants are updated and Ready, and none is terminating. The error
// names the pods that are not.
func (w *Workload) Healthy(ctx context.Context) error {
	s, err := w.read(ctx)
	if err != nil {
		return err
	}
	all, err := w.pods(ctx)
	if err != nil {
		return err
	}
	if s.replicas == 0 {
		return fmt.Errorf("%s wants no pods, so there is nothing to disrupt", w)
	}
	var reasons []string
	for _, pod := range all {
		if why := trouble(pod); why != "" && !ended(pod) {
			reasons = append(reasons, why)
		}
	}
	if why := s.unsteady(); why != "" {
		reasons = append(reasons, why)
	}
	if len(reasons) > 0 {
		return fmt.Errorf("%s is not healthy: %s", w, sentence(reasons))
	}
	return nil
}
