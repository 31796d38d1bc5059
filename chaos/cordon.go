package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// cordonKey is the annotation of a node that a run has cordoned.
const cordonKey = "shutdowncheck.io/cordon"

// cordonChange is a node that was schedulable and is no longer.
type cordonChange struct {
	Node string `json:"node"`
	// Mark is the value of the node's annotation. It names the run and the
	// workload that bears the note, so that no other cordon is taken for ours.
	Mark string `json:"mark"`
}

// mark is the form of the annotation's value.
type mark struct {
	Run       string `json:"run"`
	Namespace string `json:"namespace"`
	Workload  string `json:"workload"`
}

func (w *Workload) cordonOf(run, node string) (*cordonChange, error) {
	text, err := json.Marshal(mark{Run: run, Namespace: w.namespace, Workload: w.String()})
	if err != nil {
		return nil, fmt.Errorf("writing the mark of node %s: %w", node, err)
	}
	return &cordonChange{Node: node, Mark: string(text)}, nil
}

func (*cordonChange) name() string { return "drain" }

// overtaken is never so: a rollout does not uncordon a node.
func (*cordonChange) overtaken(state, int64) bool { return false }

func (c *cordonChange) changed(problem string) error {
	return &ChangedError{Object: "node/" + c.Node, Problem: problem}
}

// putBack uncordons the node if its cordon is still this run's. It needs no
// workload: that may be gone by then.
func (c *cordonChange) putBack(ctx context.Context, w *Workload, _ change, during timer) (string, span, error) {
	node, err := w.client.CoreV1().Nodes().Get(ctx, c.Node, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", span{}, c.changed("does not exist any more, so nothing can be put back")
	case err != nil:
		return "", span{}, fmt.Errorf("reading node %s: %w", c.Node, err)
	case node.Annotations[cordonKey] == c.Mark:
		return c.unmark(ctx, w, node, during)
	case node.Spec.Unschedulable:
		return "", span{}, c.theirs()
	}
	return "", span{}, nil
}

// unmark takes the mark away, and the cordon if it is this run's.
func (c *cordonChange) unmark(ctx context.Context, w *Workload, node *corev1.Node, during timer) (string, span, error) {
	if !node.Spec.Unschedulable || cordonedByOthers(node) {
		if _, err := w.patchNode(ctx, during, node, nil, nil); err != nil || !node.Spec.Unschedulable {
			return "", span{}, err
		}
		return "", span{}, c.theirs()
	}
	when, err := w.patchNode(ctx, during, node, nil, map[string]any{"unschedulable": nil})
	if err != nil {
		return "", span{}, err
	}
	return "node " + c.Node + " uncordoned", when, nil
}

func (c *cordonChange) theirs() error {
	return c.changed("was cordoned by somebody else since, and it is left so")
}

// cordonedByOthers tells whether the API server noted somebody else as the one
// who last made the node unschedulable. Without such notes the annotation
// alone decides.
func cordonedByOthers(node *corev1.Node) bool {
	others := false
	for _, entry := range node.ManagedFields {
		if entry.FieldsV1 == nil || !strings.Contains(entry.FieldsV1.GetRawString(), `"f:unschedulable"`) {
			continue
		}
		if entry.Manager == fieldManager {
			return false
		}
		others = true
	}
	return others
}

// cordon makes the node unschedulable and marks it as this run's, in one
// change. One that is cordoned by then is left alone.
func (w *Workload) cordon(ctx context.Context, during timer, c *cordonChange) (when span, err error) {
	err = onConflict(ctx, func() error {
		node, err := w.client.CoreV1().Nodes().Get(ctx, c.Node, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading node %s: %w", c.Node, err)
		}
		if node.Spec.Unschedulable {
			return c.changed("was cordoned by somebody else at the same moment")
		}
		when, err = w.patchNode(ctx, during, node, &c.Mark, map[string]any{"unschedulable": true})
		return err
	})
	return when, err
}

// patchNode sets the mark, or removes it where that is nil, and with it the
// spec's fields, unless the node is no longer as it was read: then the error is
// a conflict. It does in one patch what kubectl's CordonHelper, which writes no
// mark and no resource version, would need two for.
func (w *Workload) patchNode(ctx context.Context, during timer, node *corev1.Node, mark *string, spec map[string]any) (span, error) {
	fields := map[string]any{
		"metadata": map[string]any{"resourceVersion": node.ResourceVersion, "annotations": map[string]any{cordonKey: mark}},
	}
	if spec != nil {
		fields["spec"] = spec
	}
	patch, err := json.Marshal(fields)
	if err != nil {
		return span{}, fmt.Errorf("writing the patch for node %s: %w", node.Name, err)
	}
	return during(func() error {
		_, err := w.client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
		if err != nil {
			return fmt.Errorf("patching node %s: %w", node.Name, err)
		}
		return nil
	})
}

// cordonedBy names the other run that has cordoned the node; empty if none has.
func cordonedBy(node *corev1.Node) (other mark, ours bool) {
	text, marked := node.Annotations[cordonKey]
	if !marked || !node.Spec.Unschedulable || cordonedByOthers(node) {
		return mark{}, false
	}
	// One that cannot be read names nobody, and claims the node all the same.
	_ = json.Unmarshal([]byte(text), &other)
	return other, true
}

// undoCordons uncordons the nodes whose marks name a workload that is there no
// longer: with it went the note of what was to be undone.
func undoCordons(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload) (lines []string, err error) {
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("looking for nodes that %s has left cordoned: %w", ref, err)
	}
	gone := &Workload{ref: ref, namespace: namespace, client: client}
	for _, node := range list.Items {
		by, marked := cordonedBy(&node)
		if !marked || by.Namespace != namespace || by.Workload != ref.String() {
			continue
		}
		left := change{Cordon: &cordonChange{Node: node.Name, Mark: node.Annotations[cordonKey]}}
		did, _, failure := gone.putBack(ctx, untimed, left)
		if did != "" {
			lines = append(lines, fmt.Sprintf("%s: %s (run %s)", ref, did, by.Run))
		}
		err = errors.Join(err, failure)
	}
	return lines, err
}
