package chaos

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// cordonKey is the annotation of a node that a run has cordoned.
const cordonKey = "shutdowncheck.io/cordon"

// cordonChange is a node that was schedulable and is no longer.
type cordonChange struct {
	Node string `json:"node"`
	// Mark is the value of the node's annotation. It names the run and the
	// workload that bears the note, so that no other cordon is taken for ours.
	Mark string `json:"mark"`

	// unsure tells that a write of the cordon may still go through.
	unsure bool
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
		return nil, fmt.Errorf("write the mark of node %s: %w", node, err)
	}
	return &cordonChange{Node: node, Mark: string(text)}, nil
}

func (*cordonChange) name() check.DisruptionKind { return check.KindDrain }

// overtaken is never so: a rollout does not uncordon a node.
func (*cordonChange) overtaken(state, int64) bool { return false }

func (c *cordonChange) changed(problem string) error {
	return &ChangedError{Object: "node/" + c.Node, Problem: problem}
}

func (*cordonChange) revision(before int64) int64 { return before }

func (c *cordonChange) left() string { return "node " + c.Node + " is cordoned" }

// made and undone leave the workload alone: only its note tells of the cordon.
func (*cordonChange) made(*Workload, state) (edit, error) { return edit{}, nil }

func (*cordonChange) undone(context.Context, *Workload, state) (edit, string, error) {
	return edit{}, "", nil
}

// putBack uncordons the node if its cordon is still this run's. It needs no
// workload: that may be gone by then.
func (c *cordonChange) putBack(ctx context.Context, w *Workload, during timer) (did string, when span, err error) {
	if c.unsure {
		if err := c.fence(ctx, w); err != nil {
			return "", span{}, err
		}
	}
	theirs := false
	when, err = fenced(ctx, during, func() (func() error, error) {
		node, err := c.read(ctx, w)
		if err != nil {
			return nil, err
		}
		marked := node.Annotations[cordonKey] == c.Mark
		switch {
		case marked && node.Spec.Unschedulable && !cordonedByOthers(node):
			did = "node " + c.Node + " uncordoned"
			return func() error { return w.patchNode(ctx, node, nil, map[string]any{"unschedulable": nil}) }, nil
		case marked:
			// The cordon, if there still is one, is somebody else's.
			theirs = node.Spec.Unschedulable
			return func() error { return w.patchNode(ctx, node, nil, nil) }, nil
		case node.Spec.Unschedulable && did == "":
			theirs = true
		}
		return nil, nil
	})
	if err == nil && theirs {
		err = c.changed("was cordoned by somebody else since, and it is left so")
	}
	return did, when, err
}

// fence makes it impossible that a cordon whose answer was lost still goes through:
// the mark alone is a change that refuses it.
func (c *cordonChange) fence(ctx context.Context, w *Workload) error {
	_, err := fenced(ctx, untimed, func() (func() error, error) {
		node, err := c.read(ctx, w)
		if err != nil || node.Annotations[cordonKey] == c.Mark {
			return nil, err
		}
		return func() error { return w.patchNode(ctx, node, &c.Mark, nil) }, nil
	})
	if err == nil {
		c.unsure = false
	}
	return err
}

// read gives the node, for which it is asked until it is told or ctx ends.
func (c *cordonChange) read(ctx context.Context, w *Workload) (node *corev1.Node, err error) {
	err = retry.Insist(ctx, func() error {
		node, err = w.client.CoreV1().Nodes().Get(ctx, c.Node, metav1.GetOptions{})
		return err
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil, c.changed("does not exist any more, so nothing can be put back")
	case err != nil:
		return nil, fmt.Errorf("read node %s: %w", c.Node, err)
	}
	return node, nil
}

// cordonedByOthers tells whether somebody else made the node unschedulable last.
// Where nobody is noted the annotation alone decides.
func cordonedByOthers(node *corev1.Node) bool {
	_, others := writtenByOthers(node.ManagedFields, "unschedulable")
	return others
}

// cordon makes the node unschedulable and marks it as this run's, in one
// change. One that is cordoned by then is left alone.
func (w *Workload) cordon(ctx context.Context, during timer, c *cordonChange) (when span, err error) {
	return fenced(ctx, during, func() (func() error, error) {
		node, err := c.read(ctx, w)
		switch {
		case err != nil:
			return nil, err
		case node.Annotations[cordonKey] == c.Mark && node.Spec.Unschedulable:
			return nil, nil // the answer alone was lost
		case node.Spec.Unschedulable:
			return nil, c.changed("was cordoned by somebody else at the same moment")
		}
		return func() error {
			err := w.patchNode(ctx, node, &c.Mark, map[string]any{"unschedulable": true})
			c.unsure = retry.Unknown(err)
			return err
		}, nil
	})
}

// patchNode sets the mark, or removes it where that is nil, and with it the
// spec's fields, unless the node is no longer as it was read: then the error is
// a conflict. It does in one patch what kubectl's CordonHelper, which writes no
// mark and no resource version, would need two for.
func (w *Workload) patchNode(ctx context.Context, node *corev1.Node, mark *string, spec map[string]any) error {
	fields := map[string]any{
		"metadata": map[string]any{"resourceVersion": node.ResourceVersion, "annotations": map[string]any{cordonKey: mark}},
	}
	if spec != nil {
		fields["spec"] = spec
	}
	patch, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("write the patch for node %s: %w", node.Name, err)
	}
	_, err = w.client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	if err != nil {
		return fmt.Errorf("patch node %s: %w", node.Name, err)
	}
	return nil
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
