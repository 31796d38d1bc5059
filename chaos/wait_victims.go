package chaos

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// awaitVictims finds out which of the pods were chosen to end: all of them, or
// when ctx ends those known by then. A StatefulSet ends its highest numbers;
// whom a Deployment ends is seen, not predicted (kubernetes
// pkg/controller/controller_utils.go, ActivePodsWithRanks).
func (a *attempt) awaitVictims(ctx context.Context, s state, to int32, before []*corev1.Pod) error {
	return a.view.wait(ctx, func() (string, error) {
		a.doomed = a.victims(s, to, before)
		if missing := len(before) - int(to) - len(a.doomed); missing > 0 {
			return podCount(missing) + " more must be asked to end", nil
		}
		return "", nil
	})
}

func (a *attempt) victims(s state, to int32, before []*corev1.Pod) []*corev1.Pod {
	staying := map[string]bool{}
	for _, pod := range a.view.activePods() {
		staying[string(pod.UID)] = true
	}
	var victims []*corev1.Pod
	for _, pod := range before {
		n, numbered := ordinal(pod)
		highest := a.Workload.ref.Kind == check.StatefulSet && numbered && n >= s.start+to
		if highest || !staying[string(pod.UID)] {
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
	there := map[types.UID]bool{}
	for _, pod := range present {
		there[pod.UID] = true
		if why := whyNotReady(pod); why != "" && !isFinished(pod) {
			return why, nil
		}
	}
	a.doomed = slices.DeleteFunc(slices.Clone(before), func(pod *corev1.Pod) bool { return there[pod.UID] })
	return "", nil
}

// census holds every pod that was ever seen live, in the order of sight.
type census struct {
	pods  []*corev1.Pod
	known map[types.UID]bool
}

// gone counts anew and gives those that are gone or asked to end.
func (c *census) gone(v *view) []*corev1.Pod {
	if c.known == nil {
		c.known = map[types.UID]bool{}
	}
	staying := map[types.UID]bool{}
	for _, pod := range v.activePods() {
		staying[pod.UID] = true
		if !c.known[pod.UID] {
			c.known[pod.UID] = true
			c.pods = append(c.pods, pod)
		}
	}
	var left []*corev1.Pod
	for _, pod := range c.pods {
		if !staying[pod.UID] {
			left = append(left, pod)
		}
	}
	return left
}
