package chaos

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Plan says what the disruptions would do to the workload as it is now, one
// line each, and changes nothing. The error is a PlanError for the first
// disruption that the workload cannot undergo.
func (w *Workload) Plan(ctx context.Context, disruptions []check.Disruption) ([]string, error) {
	s, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for i, d := range disruptions {
		kind, err := w.fit(ctx, s, i, d)
		if err != nil {
			return nil, err
		}
		lines = append(lines, kind.describe(w, &s))
	}
	return lines, nil
}

// Drained names the nodes that the drains among the disruptions would be done to, as the
// workload is now. What the run needs is kept off them, so that a drain of pods which
// have not moved until then finds the same. A drain of each node finds all of them wherever
// that is: only where it evicts others' pods, too, are its nodes named.
func (w *Workload) Drained(ctx context.Context, disruptions []check.Disruption) ([]string, error) {
	s, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	var nodes []string
	for i, d := range disruptions {
		if d.Drain == nil {
			continue
		}
		kind, err := w.fit(ctx, s, i, d)
		if err != nil {
			return nil, err
		}
		switch planned := kind.(type) {
		case *drain:
			nodes = append(nodes, planned.node.Name)
		case *drainEach:
			for _, one := range planned.nodes {
				if one.all() {
					nodes = append(nodes, one.node.Name)
				}
			}
		}
	}
	return sorted(nodes), nil
}

// SparesSenders tells whether a node that takes the run's senders is left beside those
// that are drained; it does, too, where drained or not none takes them.
func (w *Workload) SparesSenders(ctx context.Context, drained []string) (bool, error) {
	if len(drained) == 0 {
		return true, nil
	}
	list, err := w.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, fmt.Errorf("list the nodes: %w", err)
	}
	taking := slices.DeleteFunc(list.Items, func(n corev1.Node) bool {
		return !takes(n, corev1.PodSpec{NodeSelector: map[string]string{corev1.LabelOSStable: "linux"}})
	})
	return len(taking) == 0 || slices.ContainsFunc(taking, func(n corev1.Node) bool { return !slices.Contains(drained, n.Name) }), nil
}

// pace says how many pods there are while a rollout is under way. Surge rounds
// up, unavailable down, and not both are 0 (kubernetes
// pkg/controller/deployment/util, ResolveFenceposts).
func (s state) pace() string {
	if s.allAtOnce {
		return "all before the first replacement is made"
	}
	return fmt.Sprintf("with at least %d available and at most %d at once", s.fewest(), s.replicas+share(s.maxSurge, s.replicas, true))
}

// fewest is how many pods are available at the least while a rollout is under way.
func (s state) fewest() int32 {
	if s.allAtOnce {
		return 0
	}
	unavailable := share(s.maxUnavailable, s.replicas, false)
	if unavailable == 0 && share(s.maxSurge, s.replicas, true) == 0 {
		unavailable = 1
	}
	return max(s.replicas-unavailable, 0)
}

func share(value *intstr.IntOrString, of int32, up bool) int32 {
	if value == nil {
		return 0
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(value, int(of), up)
	if err != nil {
		return 0
	}
	return int32(n)
}

// tooMany says why so many pods cannot be ended; empty if they can.
func tooMany(w *Workload, s state, n int) string {
	if n <= int(s.replicas) {
		return ""
	}
	return fmt.Sprintf("%s, but %s wants %d; want 1 to %d", podCount(n), w, s.replicas, s.replicas)
}
