package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/lint"
)

// systemNamespaces are those that Kubernetes itself begins with, but for default
// (kubernetes pkg/controlplane, SystemNamespaces): their workloads are the cluster's, and
// those who run it for others seldom let them be changed.
var systemNamespaces = []string{metav1.NamespaceSystem, metav1.NamespacePublic, "kube-node-lease"}

// readAll reads every workload of the cluster's namespace, or of all namespaces but the
// system's, and what may belong to them. What the user has no right to read becomes a
// note; one kind of workload at least has to be readable.
func readAll(ctx context.Context, c *cluster, everywhere bool) (*lint.Objects, []string, error) {
	where := "namespace " + c.namespace
	if everywhere {
		all := *c
		all.namespace = metav1.NamespaceAll
		c, where = &all, "the cluster"
	}
	var o lint.Objects
	var missed unread
	apps, all := c.observe.AppsV1(), metav1.ListOptions{}
	deployments, err := apps.Deployments(c.namespace).List(ctx, all)
	refused := err
	if err := missed.optional("deployments", err); err != nil {
		return nil, nil, err
	}
	if err == nil {
		o.Deployments = objects(deployments.Items)
	}
	statefulSets, err := apps.StatefulSets(c.namespace).List(ctx, all)
	if err := missed.optional("statefulsets", err); err != nil {
		return nil, nil, err
	}
	if err == nil {
		o.StatefulSets = objects(statefulSets.Items)
	}
	daemonSets, err := apps.DaemonSets(c.namespace).List(ctx, all)
	if err := missed.optional("daemonsets", err); err != nil {
		return nil, nil, err
	}
	if err == nil {
		o.DaemonSets = objects(daemonSets.Items)
	}
	if len(missed.unlisted) == 3 {
		return nil, nil, fmt.Errorf("list the workloads of %s: %w", where, refused)
	}
	if everywhere {
		missed.others = append(missed.others, leaveOutSystem(&o)...)
	}
	if o.Empty() {
		return nil, nil, fmt.Errorf("no Deployment, StatefulSet or DaemonSet in %s%s", where, besides(missed.notes()))
	}
	if err := readBeside(ctx, c, &o, &missed); err != nil {
		return nil, nil, err
	}
	return &o, missed.notes(), nil
}

func besides(notes []string) string {
	if len(notes) == 0 {
		return ""
	}
	return "; not looked at: " + strings.Join(notes, "; ")
}

// leaveOutSystem takes the system's workloads away, and says how many these are.
func leaveOutSystem(o *lint.Objects) (notes []string) {
	left := map[string]int{}
	o.Deployments = withoutSystem(o.Deployments, left)
	o.StatefulSets = withoutSystem(o.StatefulSets, left)
	o.DaemonSets = withoutSystem(o.DaemonSets, left)
	for _, namespace := range slices.Sorted(maps.Keys(left)) {
		notes = append(notes, fmt.Sprintf("%s of namespace %s, which is the cluster's own; --all -n %s looks at it", text.Count(left[namespace], "workload"), namespace, namespace))
	}
	return notes
}

func withoutSystem[P metav1.Object](all []lint.Object[P], left map[string]int) []lint.Object[P] {
	return slices.DeleteFunc(all, func(o lint.Object[P]) bool {
		namespace := o.Value.GetNamespace()
		system := slices.Contains(systemNamespaces, namespace)
		if system {
			left[namespace]++
		}
		return system
	})
}
