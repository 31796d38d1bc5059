package chaos

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// roomWarnings tells where the pods' own rules about nodes leave no place for
// one more, so that replacements wait until their predecessors are gone.
func (w *Workload) roomWarnings(ctx context.Context, s state) ([]string, error) {
	apart, spread := s.apart(), s.spread()
	if !apart && !spread {
		return nil, nil
	}
	list, err := w.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return []string{"no right to list nodes: whether its required anti-affinity or topology spread leaves room for one more pod is not known"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	var nodes int32
	for _, node := range list.Items {
		if takes(node, s.template.Spec) {
			nodes++
		}
	}
	var warnings []string
	if apart && s.replicas >= nodes {
		warnings = append(warnings, fmt.Sprintf("required anti-affinity allows one pod per node, and %d nodes can take them: with %s there is no room for one more, so a replacement stays Pending until a pod is gone", nodes, podCount(s.replicas)))
	}
	if spread {
		warnings = append(warnings, "a required topology spread (DoNotSchedule) by node: while a node is cordoned or full, replacements may stay Pending")
	}
	return warnings, nil
}

// apart tells whether no two of the pods may share a node.
func (s state) apart() bool {
	affinity := s.template.Spec.Affinity
	if affinity == nil || affinity.PodAntiAffinity == nil {
		return false
	}
	return slices.ContainsFunc(affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, func(term corev1.PodAffinityTerm) bool {
		return term.TopologyKey == corev1.LabelHostname && s.matches(term.LabelSelector)
	})
}

// spread tells whether the pods must be evenly many on each node.
func (s state) spread() bool {
	return slices.ContainsFunc(s.template.Spec.TopologySpreadConstraints, func(rule corev1.TopologySpreadConstraint) bool {
		return rule.TopologyKey == corev1.LabelHostname && rule.WhenUnsatisfiable == corev1.DoNotSchedule && s.matches(rule.LabelSelector)
	})
}

func (s state) matches(selector *metav1.LabelSelector) bool {
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && matcher.Matches(labels.Set(s.template.Labels))
}
