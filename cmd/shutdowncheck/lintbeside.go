package main

import (
	"context"
	"encoding/json"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/shutdowncheck/shutdowncheck/lint"
)

// readBeside reads what stands beside workloads, in the cluster's namespace or in all where
// it is empty: what selects and scales their pods, their claims, and what leads users to
// their services, with the autoscalers and gateways of clusters that have such kinds. What
// the user has no right to read becomes a note.
func readBeside(ctx context.Context, c *cluster, o *lint.Objects, missed *unread) error {
	for _, read := range []func(context.Context, *cluster, *lint.Objects, *unread) error{
		readSelecting, readClaims, readIngresses, readCustom,
	} {
		if err := read(ctx, c, o, missed); err != nil {
			return err
		}
	}
	return nil
}

// readSiblings adds the namespace's other workloads.
func readSiblings(ctx context.Context, c *cluster, o *lint.Objects, missed *unread) error {
	apps, all := c.observe.AppsV1(), metav1.ListOptions{}
	deployments, err := apps.Deployments(c.namespace).List(ctx, all)
	if err := missed.optional("deployments", err); err != nil {
		return err
	}
	if err == nil {
		o.Deployments = siblings(o.Deployments, objects(deployments.Items))
	}
	statefulSets, err := apps.StatefulSets(c.namespace).List(ctx, all)
	if err := missed.optional("statefulsets", err); err != nil {
		return err
	}
	if err == nil {
		o.StatefulSets = siblings(o.StatefulSets, objects(statefulSets.Items))
	}
	daemonSets, err := apps.DaemonSets(c.namespace).List(ctx, all)
	if err := missed.optional("daemonsets", err); err != nil {
		return err
	}
	if err == nil {
		o.DaemonSets = siblings(o.DaemonSets, objects(daemonSets.Items))
	}
	return nil
}

// siblings adds to the workload that was read, if it is of this kind, the others.
func siblings[T metav1.Object](read, all []lint.Object[T]) []lint.Object[T] {
	for _, other := range all {
		if !slices.ContainsFunc(read, func(r lint.Object[T]) bool { return r.Value.GetName() == other.Value.GetName() }) {
			read = append(read, other)
		}
	}
	return read
}

func readClaims(ctx context.Context, c *cluster, o *lint.Objects, missed *unread) error {
	if !o.Claim() {
		return nil
	}
	claims, err := c.observe.CoreV1().PersistentVolumeClaims(c.namespace).List(ctx, metav1.ListOptions{})
	if err := missed.optional("persistentvolumeclaims", err); err != nil {
		return err
	}
	if err == nil {
		o.Claims = objects(claims.Items)
	}
	return nil
}

// readIngresses adds the Ingresses, and their classes where there are any.
func readIngresses(ctx context.Context, c *cluster, o *lint.Objects, missed *unread) error {
	ingresses, err := c.observe.NetworkingV1().Ingresses(c.namespace).List(ctx, metav1.ListOptions{})
	if err := missed.optional("ingresses", err); err != nil {
		return err
	}
	if err != nil || len(ingresses.Items) == 0 {
		return nil
	}
	o.Ingresses = objects(ingresses.Items)
	classes, err := c.observe.NetworkingV1().IngressClasses().List(ctx, metav1.ListOptions{})
	if err := missed.optional("ingressclasses", err); err != nil {
		return err
	}
	if err == nil {
		o.IngressClasses = objects(classes.Items)
	}
	return nil
}

const (
	kedaGroup     = "keda.sh"
	kedaHTTPGroup = "http.keda.sh"
	gatewayGroup  = "gateway.networking.k8s.io"
	awsGroup      = "elbv2.k8s.aws"
)

// readCustom adds objects of kinds that a cluster need not have; one that has them not has
// no such object, which is no want.
func readCustom(ctx context.Context, c *cluster, o *lint.Objects, missed *unread) error {
	groups, err := c.observe.Discovery().ServerGroups()
	if err != nil {
		missed.others = append(missed.others, "scaledobjects and gateways, as the cluster does not tell whether it has such kinds: "+err.Error())
		return nil
	}
	for _, g := range groups.Groups {
		in := schema.GroupVersion{Group: g.Name, Version: g.PreferredVersion.Version}
		switch g.Name {
		case kedaGroup:
			err = list(ctx, c, in.WithResource("scaledobjects"), c.namespace, &o.ScaledObjects, missed)
		case kedaHTTPGroup:
			err = list(ctx, c, in.WithResource("httpscaledobjects"), c.namespace, &o.HTTPScaledObjects, missed)
		case awsGroup:
			err = list(ctx, c, in.WithResource("targetgroupbindings"), c.namespace, &o.TargetGroups, missed)
		case gatewayGroup:
			err = readGateways(ctx, c, in, o, missed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readGateways adds the namespace's routes, and the gateways of this namespace. Of others
// no more than their name is in a route.
func readGateways(ctx context.Context, c *cluster, in schema.GroupVersion, o *lint.Objects, missed *unread) error {
	for _, resource := range []string{"httproutes", "grpcroutes"} {
		if err := list(ctx, c, in.WithResource(resource), c.namespace, &o.Routes, missed); err != nil {
			return err
		}
	}
	for _, parent := range o.Parents() {
		resource := in.WithResource("gateways")
		item, err := c.custom.Resource(resource).Namespace(parent.Namespace).Get(ctx, parent.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if apierrors.IsForbidden(err) {
			missed.ungotten = append(missed.ungotten, "gateway "+parent.Namespace+"/"+parent.Name)
			continue
		}
		if err != nil {
			return missed.optional(resource.GroupResource().String(), err)
		}
		if err := add(&o.Gateways, item); err != nil {
			return err
		}
	}
	return nil
}

// list adds the objects of a resource. A version that has it not has none of it.
func list[T any](ctx context.Context, c *cluster, resource schema.GroupVersionResource, namespace string, to *[]lint.Object[*T], missed *unread) error {
	all, err := c.custom.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return missed.optional(resource.GroupResource().String(), err)
	}
	for i := range all.Items {
		if err := add(to, &all.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

func add[T any](to *[]lint.Object[*T], item *unstructured.Unstructured) error {
	data, err := item.MarshalJSON()
	if err != nil {
		return err
	}
	value := new(T)
	if err := json.Unmarshal(data, value); err != nil {
		return err
	}
	*to = append(*to, object(value))
	return nil
}
