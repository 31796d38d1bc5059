package chaos

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// placement is where the workload's live pods are, and those that the run needs.
type placement struct {
	nodes []corev1.Node
	pods  []*corev1.Pod
	// needed says by node which pod it holds that the run needs, as far as is known.
	needed map[string]string
}

func (w *Workload) placement(ctx context.Context) (placement, error) {
	nodes, err := w.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return placement{}, fmt.Errorf("list the nodes: %w", err)
	}
	all, err := w.listPods(ctx)
	if err != nil {
		return placement{}, err
	}
	needed, err := w.needed(ctx)
	if err != nil {
		return placement{}, err
	}
	return placement{nodes.Items, slices.DeleteFunc(all, func(pod *corev1.Pod) bool { return !isActive(pod) }), needed}, nil
}

// isSelf tells whether the pod is the one this tool runs in.
func (w *Workload) isSelf(pod *corev1.Pod) bool {
	return w.Self != "" && pod.Namespace+"/"+pod.Name == w.Self
}

// need says what the run needs the pod for; empty if it does not.
func (w *Workload) need(pod *corev1.Pod) string {
	if w.isSelf(pod) {
		return w.selfNeeded()
	}
	for _, s := range w.Senders {
		if s.UID == string(pod.UID) {
			return w.senderNeeded(s)
		}
	}
	return ""
}

func (w *Workload) selfNeeded() string {
	return fmt.Sprintf("the pod that runs this check (%s)", w.Self)
}

func (w *Workload) senderNeeded(s recording.Sender) string {
	return fmt.Sprintf("a pod that sends its requests (%s/%s)", w.namespace, s.Pod)
}

// needed says by node which pod it holds that the run needs.
func (w *Workload) needed(ctx context.Context) (map[string]string, error) {
	needed := map[string]string{}
	for _, s := range w.Senders {
		needed[s.Node] = w.senderNeeded(s)
	}
	node, err := w.selfNode(ctx)
	if node != "" {
		needed[node] = w.selfNeeded()
	}
	return needed, err
}

// selfNode gives the node that this tool runs on; empty outside a cluster, or
// where its pod may not be read.
func (w *Workload) selfNode(ctx context.Context) (string, error) {
	if w.Self == "" {
		return "", nil
	}
	namespace, name, _ := strings.Cut(w.Self, "/")
	named, err := w.podsWhere(ctx, namespace, metav1.ObjectNameField, name)
	if apierrors.IsForbidden(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for this tool's own pod %s: %w", w.Self, err)
	}
	for _, pod := range named {
		if w.isSelf(&pod) {
			return pod.Spec.NodeName, nil
		}
	}
	return "", nil
}

// on gives the workload's live pods on the node.
func (p placement) on(node string) []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(p.pods), func(pod *corev1.Pod) bool { return pod.Spec.NodeName != node })
}

// target gives the node to drain, or why there is none.
func (p placement) target(w *Workload, wanted string, all bool) (node *corev1.Node, problem string) {
	if wanted != "" && wanted != check.OfAPod {
		return p.named(w, wanted)
	}
	var candidates []*corev1.Node
	for i, node := range p.nodes {
		if len(p.on(node.Name)) > 0 {
			candidates = append(candidates, &p.nodes[i])
		}
	}
	// Of those with equally many pods, the first by name.
	slices.SortFunc(candidates, func(a, b *corev1.Node) int {
		return cmp.Or(
			cmp.Compare(len(p.on(b.Name)), len(p.on(a.Name))),
			strings.Compare(a.Name, b.Name))
	})
	others := slices.DeleteFunc(slices.Clone(candidates), func(n *corev1.Node) bool { return p.needed[n.Name] != "" })
	switch {
	case len(candidates) == 0:
		return nil, fmt.Sprintf("no node holds a pod of %s", w)
	case len(others) > 0:
		return others[0], ""
	case all && len(candidates) == 1:
		return nil, fmt.Sprintf("only node %s holds pods of %s, and it holds %s too, which would be evicted; want pods: workload", candidates[0].Name, w, p.needed[candidates[0].Name])
	case all:
		return nil, fmt.Sprintf("each node with pods of %s also holds a pod that would be missed if it were evicted, as node %s holds %s; want pods: workload", w, candidates[0].Name, p.needed[candidates[0].Name])
	}
	return candidates[0], ""
}

// named gives the node of that name.
func (p placement) named(w *Workload, wanted string) (node *corev1.Node, problem string) {
	var all, holding []string
	for i := range p.nodes {
		name := p.nodes[i].Name
		all = append(all, name)
		if len(p.on(name)) > 0 {
			holding = append(holding, name)
		}
		if name == wanted {
			node = &p.nodes[i]
		}
	}
	slices.Sort(all)
	slices.Sort(holding)
	switch {
	case node == nil:
		return nil, fmt.Sprintf("no node is named %s; there are %s", wanted, joinReasons(all))
	case len(p.on(wanted)) == 0:
		return nil, fmt.Sprintf("node %s holds no pod of %s, so nothing would end; want %s, or %s", wanted, w, check.OfAPod, strings.Join(holding, ", "))
	}
	return node, ""
}

// room tells whether a node other than the one left out may take such pods.
func (p placement) room(without string, spec corev1.PodSpec) bool {
	return slices.ContainsFunc(p.nodes, func(node corev1.Node) bool { return node.Name != without && takes(node, spec) })
}

// takes tells whether the scheduler may put such pods on the node, as far as
// its cordon, its readiness, its taints and the pods' node selector tell. How
// much it has left is not looked at.
func takes(node corev1.Node, spec corev1.PodSpec) bool {
	if node.Spec.Unschedulable || !isReady(node) {
		return false
	}
	for key, value := range spec.NodeSelector {
		if now, ok := node.Labels[key]; !ok || now != value {
			return false
		}
	}
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule {
			continue
		}
		if !slices.ContainsFunc(spec.Tolerations, func(t corev1.Toleration) bool { return t.ToleratesTaint(logr.Discard(), &taint, false) }) {
			return false
		}
	}
	return true
}

func isReady(node corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}
