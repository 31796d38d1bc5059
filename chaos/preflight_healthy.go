package chaos

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Healthy tells whether the workload is fit for a check: it wants at least one
// pod, all it wants are updated and Ready, and none is terminating. The error is an
// UnhealthyError where it is not, and another one where that is not known. Since is when the last of the pods became Ready,
// in whole seconds of its node's clock.
func (w *Workload) Healthy(ctx context.Context) (since time.Time, err error) {
	now, err := w.condition(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if now.wanted == 0 {
		return time.Time{}, &UnhealthyError{fmt.Sprintf("%s wants no pods, so there is nothing to disrupt", w)}
	}
	if len(now.amiss) > 0 {
		return time.Time{}, &UnhealthyError{fmt.Sprintf("%s is not healthy: %s", w, joinReasons(now.amiss))}
	}
	return now.readySince, nil
}

// Leaving are the pods that alone keep a workload from being Healthy, as they are
// terminating: none where something else is amiss too. After a rollout that is usual:
// `kubectl rollout status` waits for updated and available pods, and not for the end of the
// old ones (kubectl pkg/polymorphichelpers/rollout_status.go).
type Leaving struct {
	// Pods are their names.
	Pods []string
	// Within is the longest of their grace periods: the time in which they are to be gone.
	Within time.Duration
}

// Leaving tells of them. It changes nothing and does not wait.
func (w *Workload) Leaving(ctx context.Context) (Leaving, error) {
	now, err := w.condition(ctx)
	if err != nil || len(now.leaving) < len(now.amiss) {
		return Leaving{}, err
	}
	var leaving Leaving
	for _, pod := range now.leaving {
		leaving.Pods = append(leaving.Pods, pod.Name)
		if grace := pod.DeletionGracePeriodSeconds; grace != nil {
			leaving.Within = max(leaving.Within, time.Duration(*grace)*time.Second)
		}
	}
	return leaving, nil
}

// condition is what one look shows of the workload.
type condition struct {
	wanted int32
	// amiss says why it is not fit for a check, leaving are the pods among that which are
	// terminating.
	amiss      []string
	leaving    []*corev1.Pod
	readySince time.Time
}

func (w *Workload) condition(ctx context.Context) (condition, error) {
	s, err := w.read(ctx)
	if err != nil {
		return condition{}, err
	}
	all, err := w.listPods(ctx)
	if err != nil {
		return condition{}, err
	}
	now := condition{wanted: s.replicas}
	for _, pod := range all {
		if why := whyNotReady(pod); why != "" && !isFinished(pod) {
			now.amiss = append(now.amiss, why)
			if pod.DeletionTimestamp != nil {
				now.leaving = append(now.leaving, pod)
			}
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.LastTransitionTime.After(now.readySince) {
				now.readySince = c.LastTransitionTime.Time
			}
		}
	}
	if why := s.unsteady(); why != "" {
		now.amiss = append(now.amiss, why)
	}
	return now, nil
}
