package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubectldrain "k8s.io/kubectl/pkg/drain"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// drain cordons a node, evicts pods from it, and uncordons it.
type drain struct {
	*check.Drain
	// node is the one to drain, ownPods and otherPods the pods to evict from it.
	node               *corev1.Node
	ownPods, otherPods []*corev1.Pod
}

// all tells whether others' pods are evicted too.
func (c *drain) all() bool { return c.Pods == check.DrainAll }

// validate finds the node and the pods to evict.
func (c *drain) validate(ctx context.Context, w *Workload, s state) (field, problem string, err error) {
	if problem := ofADaemonSet(w); problem != "" {
		return "", problem, nil
	}
	found, err := w.placement(ctx)
	if err != nil {
		return "", "", err
	}
	c.node, problem = found.target(w, c.Node, c.all())
	if problem != "" {
		return "node", problem, nil
	}
	return c.fits(ctx, w, s, found)
}

// fits tells why the node cannot be drained, and finds the pods to evict.
func (c *drain) fits(ctx context.Context, w *Workload, s state, found placement) (field, problem string, err error) {
	if other, marked := cordonedBy(c.node); marked {
		return "node", fmt.Sprintf("node %s is cordoned by run %s of this tool; if that run is over, put it back with: %s",
			c.node.Name, shell.Word(other.Run), w.byHand.Restore(other.Workload, other.Namespace)), nil
	}
	if !found.room(c.node.Name, s.template.Spec) {
		return "node", fmt.Sprintf("no other Ready node takes the pods of %s, so their replacements would stay Pending until node %s is uncordoned", w, c.node.Name), nil
	}
	c.ownPods = found.on(c.node.Name)
	if c.all() {
		field, problem, err = c.everybody(ctx, w)
	} else {
		field, problem = c.emptyDirs()
	}
	return field, problem, err
}

// ofADaemonSet says why a drain does nothing to a DaemonSet; empty for other workloads.
func ofADaemonSet(w *Workload) string {
	if w.ref.Kind != check.DaemonSet {
		return ""
	}
	return fmt.Sprintf("a drain leaves the pods of a DaemonSet alone, so nothing of %s would end; want restart, delete or evict", w)
}

// emptyDirs refuses the workload's own pods as kubectl's filter of local
// storage does. Its other filters find nothing in them, for they have a
// controller that is no DaemonSet.
func (c *drain) emptyDirs() (field, problem string) {
	if c.DeleteEmptyDirData {
		return "", ""
	}
	var with []string
	for _, pod := range c.ownPods {
		if slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil }) {
			with = append(with, pod.Name)
		}
	}
	if len(with) == 0 {
		return "", ""
	}
	return "deleteEmptyDirData", fmt.Sprintf("an emptyDir volume ends with its pod (%s); want true to drain all the same", strings.Join(with, ", "))
}

// everybody finds all pods that `kubectl drain` would evict from the node, by
// its own filters: DaemonSet pods and mirror pods stay.
func (c *drain) everybody(ctx context.Context, w *Workload) (field, problem string, err error) {
	onNode, err := w.podsWhere(ctx, metav1.NamespaceAll, onNodeField, c.node.Name)
	if err != nil {
		return "", "", fmt.Errorf("list the pods on node %s: %w", c.node.Name, err)
	}
	for i := range onNode {
		if need := w.need(&onNode[i]); need != "" {
			instead := "another node, or "
			if c.Node == check.EachInTurn {
				instead = ""
			}
			return "node", fmt.Sprintf("node %s holds %s, which would be evicted; want %spods: workload", c.node.Name, need, instead), nil
		}
	}
	rules := kubectldrain.Helper{
		Ctx: ctx, Client: w.client, Force: c.Force,
		IgnoreAllDaemonSets: true, DeleteEmptyDirData: c.DeleteEmptyDirData,
	}
	list, refusals := rules.GetPodsForDeletion(c.node.Name)
	if len(refusals) > 0 {
		texts := make([]string, len(refusals))
		for i, refusal := range refusals {
			texts[i] = inCheckWords.Replace(refusal.Error())
		}
		slices.Sort(texts)
		return "pods", strings.Join(texts, "; "), nil
	}
	for _, pod := range list.Pods() {
		if pod.Spec.NodeName == c.node.Name && pod.DeletionTimestamp == nil && (pod.Namespace != w.namespace || !w.owns(&pod)) {
			c.otherPods = append(c.otherPods, &pod)
		}
	}
	return "", "", nil
}

// inCheckWords turns kubectl's flags into the check's fields.
var inCheckWords = strings.NewReplacer("--delete-emptydir-data", "deleteEmptyDirData: true", "--force", "force: true")

func (c *drain) describe(w *Workload, s *state) string {
	line := fmt.Sprintf("drain node %s: ", c.node.Name)
	if !c.node.Spec.Unschedulable {
		line += "cordon it, "
	}
	line += fmt.Sprintf("evict %d of the %s of %s", len(c.ownPods), podCount(s.replicas), w)
	if len(c.otherPods) > 0 {
		line += fmt.Sprintf(" and %s of others", podCount(len(c.otherPods)))
	}
	line += " from it, " + budgetManner(c.WhenRefused)
	if c.node.Spec.Unschedulable {
		return line + "; it is cordoned already and stays so"
	}
	return line + ", then uncordon it"
}

func (c *drain) permissions(check.Workload) []Permission {
	node := ""
	if c.Node != check.OfAPod && c.Node != check.EachInTurn {
		node = c.Node
	}
	needed := []Permission{
		{Cluster: true, Verb: "list", Resource: "nodes"},
		{Cluster: true, Verb: "get", Resource: "nodes", Name: node},
		{Cluster: true, Verb: "patch", Resource: "nodes", Name: node},
		{Cluster: c.all(), Verb: "create", Resource: "pods", Subresource: "eviction"},
	}
	if c.all() {
		needed = append(needed,
			Permission{Cluster: true, Verb: "list", Resource: "pods"},
			Permission{Cluster: true, Verb: "get", Group: "apps", Resource: "daemonsets"})
	}
	return needed
}

// do leaves the node as it was found, if it comes to its end. If not, the
// cordon is undone by Restore.
func (c *drain) do(ctx context.Context, a *attempt, s state) error {
	if !c.node.Spec.Unschedulable {
		if err := a.cordon(ctx, c.node.Name); err != nil {
			return err
		}
	}
	for _, pod := range slices.Concat(c.ownPods, c.otherPods) {
		granted, err := a.evictPod(ctx, pod, c.WhenRefused)
		if err != nil {
			return err
		}
		// One that went by itself is what a drain wants.
		if granted {
			a.doomed = append(a.doomed, a.ownOnly(pod)...)
		}
	}
	if len(a.doomed) == 0 {
		return &waitError{reason: fmt.Sprintf("every pod of %s had left node %s before it could be evicted", a.Workload, c.node.Name), err: errForestalled}
	}
	if err := a.Workload.awaitGoneFrom(ctx, c.node.Name, c.otherPods); err != nil {
		return err
	}
	if err := a.replaced(ctx, s.meta.Generation); err != nil {
		return err
	}
	return a.undo(ctx, recording.Disrupt)
}

// cordon writes the way back down and then cordons the node.
func (a *attempt) cordon(ctx context.Context, node string) error {
	w := a.Workload
	made, err := w.cordonOf(a.Run, node)
	if err != nil {
		return err
	}
	if _, _, err := a.begin(ctx, change{Cordon: made}); err != nil {
		return fmt.Errorf("cordon node %s: %w", node, err)
	}
	when, err := w.cordon(ctx, a.during, made)
	if err != nil {
		return fmt.Errorf("cordon node %s: %w", node, err)
	}
	a.recordOf("node/"+node, recording.Requested, when, "node "+node+" cordoned")
	return nil
}
