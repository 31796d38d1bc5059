package chaos

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Healthy tells whether the workload is fit for a check: it wants at least one
// pod, all it wants are updated and Ready, and none is terminating. The error
// names the pods that are not. Since is when the last of the pods became Ready,
// in whole seconds of its node's clock.
func (w *Workload) Healthy(ctx context.Context) (since time.Time, err error) {
	s, err := w.read(ctx)
	if err != nil {
		return time.Time{}, err
	}
	all, err := w.listPods(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if s.replicas == 0 {
		return time.Time{}, fmt.Errorf("%s wants no pods, so there is nothing to disrupt", w)
	}
	var reasons []string
	for _, pod := range all {
		if why := whyNotReady(pod); why != "" && !isFinished(pod) {
			reasons = append(reasons, why)
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.LastTransitionTime.After(since) {
				since = c.LastTransitionTime.Time
			}
		}
	}
	if why := s.unsteady(); why != "" {
		reasons = append(reasons, why)
	}
	if len(reasons) > 0 {
		return time.Time{}, fmt.Errorf("%s is not healthy: %s", w, joinReasons(reasons))
	}
	return since, nil
}
