package chaos

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// drainEach drains one node after the other, as an upgrade of the cluster has it: each that
// holds pods of the workload or takes such. It consists of the drains of single nodes that
// Parts gives, and is only planned here.
//
// What a control plane's node runs besides is no matter: without a toleration of its taint
// no pod of the workload is there.
type drainEach struct {
	*check.Drain
	// nodes are drained in this order.
	nodes []*drain
}

// validate finds the nodes. Each of them must be one that can be drained now, whether or
// not it holds a pod: by its turn it may.
func (c *drainEach) validate(ctx context.Context, w *Workload, s state) (field, problem string, err error) {
	if problem := ofADaemonSet(w); problem != "" {
		return "", problem, nil
	}
	found, err := w.placement(ctx)
	if err != nil {
		return "", "", err
	}
	for _, node := range found.inTurn(s.template.Spec) {
		one := &drain{Drain: c.Drain, node: node}
		if field, problem, err := one.fits(ctx, w, s, found); problem != "" || err != nil {
			return field, problem, err
		}
		c.nodes = append(c.nodes, one)
	}
	if !slices.ContainsFunc(c.nodes, func(one *drain) bool { return len(one.ownPods) > 0 }) {
		return "node", fmt.Sprintf("no node holds a pod of %s", w), nil
	}
	return "", "", nil
}

// inTurn gives the nodes that hold pods, and those that take such, in the order of their
// names. What the run itself is on comes last.
func (p placement) inTurn(spec corev1.PodSpec) []*corev1.Node {
	var nodes, last []*corev1.Node
	for i, node := range p.nodes {
		switch {
		case len(p.on(node.Name)) == 0 && !takes(node, spec):
		case p.needed[node.Name] != "":
			last = append(last, &p.nodes[i])
		default:
			nodes = append(nodes, &p.nodes[i])
		}
	}
	for _, some := range [][]*corev1.Node{nodes, last} {
		slices.SortFunc(some, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	}
	return slices.Concat(nodes, last)
}

func (c *drainEach) describe(w *Workload, _ *state) string {
	var nodes []string
	for _, one := range c.nodes {
		nodes = append(nodes, fmt.Sprintf("%s (%d)", one.node.Name, len(one.ownPods)))
	}
	whose := "its pods"
	if c.Pods == check.DrainAll {
		whose = "all pods"
	}
	return fmt.Sprintf("drain one node after the other that holds pods of %s when its turn comes, of %s (so many now): cordon it, evict %s from it, %s, then uncordon it and let that settle",
		w, strings.Join(nodes, ", "), whose, budgetManner(c.WhenRefused))
}

func (c *drainEach) permissions(ref check.Workload) []Permission {
	return (&drain{Drain: c.Drain}).permissions(ref)
}

func (*drainEach) do(context.Context, *attempt, state) error {
	return errors.New("drain: the nodes are drained one by one (Workload.Parts)")
}

// InTurn names the nodes that a drain of each would be done to now.
func (w *Workload) InTurn(ctx context.Context) ([]string, error) {
	s, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	found, err := w.placement(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, node := range found.inTurn(s.template.Spec) {
		names = append(names, node.Name)
	}
	return names, nil
}

// Parts gives what Driver.Do does one after the other for the sake of a disruption: itself,
// or for a drain of each node those of single ones. A node that holds no pod of the workload
// when the part before it is over is passed over, for nothing would end there.
func (w *Workload) Parts(ctx context.Context, d check.Disruption) iter.Seq2[check.Disruption, error] {
	return func(yield func(check.Disruption, error) bool) {
		if d.Drain == nil || d.Drain.Node != check.EachInTurn {
			yield(d, nil)
			return
		}
		var nodes []string
		err := retry.Insist(ctx, func() (err error) {
			nodes, err = w.InTurn(ctx)
			return err
		})
		if err != nil {
			yield(check.Disruption{}, err)
			return
		}
		for _, node := range nodes {
			var found placement
			err := retry.Insist(ctx, func() (err error) {
				found, err = w.placement(ctx)
				return err
			})
			switch {
			case err != nil:
				yield(check.Disruption{}, err)
				return
			case len(found.on(node)) == 0:
				continue
			}
			one := d
			one.Drain = new(*d.Drain)
			one.Drain.Node = node
			if !yield(one, nil) {
				return
			}
		}
	}
}
