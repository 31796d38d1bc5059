package main

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/lint"
)

// readCluster reads the workload and what may belong to it. What the user has
// no right to read becomes a note; the workload itself has to be readable.
func readCluster(ctx context.Context, c *cluster, ref check.Workload) (*lint.Objects, []string, error) {
	var o lint.Objects
	if err := readWorkload(ctx, c, ref, &o); err != nil {
		return nil, nil, fmt.Errorf("read %s in namespace %s: %w", ref, c.namespace, chaos.Missed(ctx, c.observe, c.namespace, ref, chaos.ByHand{Flags: c.flags}, err))
	}
	var missed unread
	o.Only = ref.String()
	if err := readSiblings(ctx, c, &o, &missed); err != nil {
		return nil, nil, err
	}
	if err := readBeside(ctx, c, &o, &missed); err != nil {
		return nil, nil, err
	}
	return &o, missed.notes(), nil
}

// readSelecting reads what selects pods, or scales them, in the cluster's namespace, or in
// all where it is empty: each kind once.
func readSelecting(ctx context.Context, c *cluster, o *lint.Objects, missed *unread) error {
	all := metav1.ListOptions{}
	services, err := c.observe.CoreV1().Services(c.namespace).List(ctx, all)
	if err := missed.optional("services", err); err != nil {
		return err
	}
	if o.AllServices, o.ServicesUnknown = err == nil, err != nil; err == nil {
		o.Services = objects(services.Items)
	}
	budgets, err := c.observe.PolicyV1().PodDisruptionBudgets(c.namespace).List(ctx, all)
	if err := missed.optional("poddisruptionbudgets", err); err != nil {
		return err
	}
	if o.BudgetsUnknown = err != nil; err == nil {
		o.Budgets = objects(budgets.Items)
	}
	autoscalers, err := c.observe.AutoscalingV2().HorizontalPodAutoscalers(c.namespace).List(ctx, all)
	if err := missed.optional("horizontalpodautoscalers", err); err != nil {
		return err
	}
	if err == nil {
		o.Autoscalers = objects(autoscalers.Items)
	}
	return nil
}

func readWorkload(ctx context.Context, c *cluster, ref check.Workload, o *lint.Objects) error {
	apps, get := c.observe.AppsV1(), metav1.GetOptions{}
	switch ref.Kind {
	case check.Deployment:
		d, err := apps.Deployments(c.namespace).Get(ctx, ref.Name, get)
		o.Deployments = append(o.Deployments, object(d))
		return err
	case check.StatefulSet:
		s, err := apps.StatefulSets(c.namespace).Get(ctx, ref.Name, get)
		o.StatefulSets = append(o.StatefulSets, object(s))
		return err
	default:
		d, err := apps.DaemonSets(c.namespace).Get(ctx, ref.Name, get)
		o.DaemonSets = append(o.DaemonSets, object(d))
		return err
	}
}

func object[T any](value *T) lint.Object[*T] { return lint.Object[*T]{Value: value} }

func objects[T any](values []T) []lint.Object[*T] {
	var all []lint.Object[*T]
	for i := range values {
		all = append(all, object(&values[i]))
	}
	return all
}
