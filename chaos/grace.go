package chaos

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// LongestGrace is the longest terminationGracePeriodSeconds that the workload's template and
// its present pods have: these may have another one, as below a partition.
func (w *Workload) LongestGrace(ctx context.Context) (time.Duration, error) {
	s, err := w.read(ctx)
	if err != nil {
		return 0, err
	}
	pods, err := w.listPods(ctx)
	if err != nil {
		return 0, err
	}
	longest := graceOf(s.template.Spec)
	for _, pod := range pods {
		longest = max(longest, graceOf(pod.Spec))
	}
	return time.Duration(longest) * time.Second, nil
}

// graceOf is a pod's grace period, in seconds.
func graceOf(spec corev1.PodSpec) int64 {
	if grace := spec.TerminationGracePeriodSeconds; grace != nil {
		return *grace
	}
	return corev1.DefaultTerminationGracePeriodSeconds
}
