package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
)

// place decides how many senders there are and where.
func place(ctx context.Context, cfg Config) (placement, error) {
	p := placement{senders: cfg.Senders, apart: cfg.All, avoid: cfg.AvoidNodes}
	if !cfg.All {
		return p, nil
	}
	nodes, err := cfg.Observe.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return placement{}, fmt.Errorf("a sender on each node takes the right to list nodes: %w; allow it, or give a number of senders", err)
	case err != nil:
		return placement{}, fmt.Errorf("list the nodes for their senders: %w", err)
	}
	p.senders = 0
	for i := range nodes.Items {
		if takesPods(&nodes.Items[i]) && !slices.Contains(p.avoid, nodes.Items[i].Name) {
			p.senders++
		}
	}
	if p.senders == 0 {
		return placement{}, errors.New("no node can take a sender: each is not ready, cordoned, tainted, or one that this run drains or kills pods by")
	}
	return p, nil
}

// takesPods tells a node of Linux that takes pods without tolerations. A cordon is a
// taint as well, a little later.
func takesPods(n *corev1.Node) bool {
	if n.Spec.Unschedulable || n.Labels[corev1.LabelOSStable] != "linux" {
		return false
	}
	for _, t := range n.Spec.Taints {
		if t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute {
			return false
		}
	}
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// selectsSenders looks whether a service of the namespace would send its clients to
// the senders, which serve nothing.
func selectsSenders(ctx context.Context, client kubernetes.Interface, namespace, id string) error {
	services, err := client.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("look whether a service selects the senders: %w", err)
	}
	pods := labels.Set(podLabels(id))
	for _, s := range services.Items {
		if len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(pods) {
			return fmt.Errorf("the service %s selects the senders (%s), and would send its clients to them; give it a selector of its workload's own labels",
				s.Name, labels.FormatLabels(s.Spec.Selector))
		}
	}
	return nil
}
