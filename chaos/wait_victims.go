package chaos

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// awaitVictims finds out which of the pods were chosen to end: all of them, or
// when ctx ends those known by then. A StatefulSet ends its highest numbers;
// whom a Deployment ends is seen, not predicted (kubernetes
// pkg/controller/controller_utils.go, ActivePodsWithRanks). It fails where
// somebody else has set the replicas since the given generation, so that fewer end.
func (a *attempt) awaitVictims(ctx context.Context, s state, to int32, generation int64, before []*corev1.Pod) error {
	return a.view.wait(ctx, func() (string, error) {
		a.doomed = a.victims(s, to, before)
		missing := len(before) - int(to) - len(a.doomed)
		if missing <= 0 {
			return "", nil
		}
		return podCount(missing) + " more must be asked to end", a.takenBack(ctx, to, generation, before)
	})
}

// takenBack fails where the workload wants another number of pods since the given
// generation, its controller has taken that up, and the API has not as many asked to
// end as there were to be: no more will be.
func (a *attempt) takenBack(ctx context.Context, to int32, generation int64, before []*corev1.Pod) error {
	now, err := a.view.state()
	if err != nil || now.meta.Generation < generation || now.replicas == to || now.observed < now.meta.Generation {
		return err
	}
	var present []*corev1.Pod
	err = retry.Insist(ctx, func() error {
		present, err = a.Workload.listPods(ctx)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return nil // The wait says so.
	case err != nil:
		return err
	}
	active := slices.DeleteFunc(present, func(pod *corev1.Pod) bool { return !isActive(pod) })
	if len(active) > int(now.replicas) {
		return nil // More will be.
	}
	ended := without(before, byUID(active))
	if len(ended) >= len(before)-int(to) {
		return nil
	}
	a.doomed = ended
	return &waitError{err: errForestalled, reason: fmt.Sprintf("%s set the replicas to %d when %d of %s had been asked to end",
		a.Workload.scaledBy(ctx, now.meta), now.replicas, len(ended), podCount(len(before)-int(to)))}
}

func (a *attempt) victims(s state, to int32, before []*corev1.Pod) []*corev1.Pod {
	staying := byUID(a.view.activePods())
	var victims []*corev1.Pod
	for _, pod := range before {
		n, numbered := ordinal(pod)
		highest := a.Workload.ref.Kind == check.StatefulSet && numbered && n >= s.start+to
		if highest || staying[pod.UID] == nil {
			victims = append(victims, pod)
		}
	}
	return victims
}

// counted compares the pods with those before, as the API has them now: the
// watch may not have told yet what the program did last.
func (a *attempt) counted(ctx context.Context, before []*corev1.Pod) (reason string, err error) {
	present, err := a.Workload.listPods(ctx)
	if ctx.Err() != nil {
		return "the pods were to be counted", nil
	}
	if err != nil {
		return "", err
	}
	for _, pod := range present {
		if why := whyNotReady(pod); why != "" && !isFinished(pod) {
			return why, nil
		}
	}
	a.doomed = without(before, byUID(present))
	return "", nil
}

// census holds every pod that was ever seen live, in the order of sight.
type census struct{ pods []*corev1.Pod }

// gone counts anew and gives those that are gone or asked to end.
func (c *census) gone(v *view) []*corev1.Pod {
	active := v.activePods()
	c.pods = append(c.pods, without(active, byUID(c.pods))...)
	return without(c.pods, byUID(active))
}
