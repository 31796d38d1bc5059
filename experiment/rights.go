package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/timeline"
)

// Right is one that a run asks for.
type Right struct {
	chaos.Permission
	// Optional tells that a run does without it, and sees or warns of less.
	Optional bool
}

// Rights lists all that a run of the check asks for before it begins: to look and to
// do what the check wants, to watch, for senders in the cluster to make and reach them,
// and for a control to make a service of its own.
func Rights(c check.Check) []Right {
	var all []Right
	add := func(optional bool, permissions ...chaos.Permission) {
		for _, p := range permissions {
			if !slices.ContainsFunc(all, func(r Right) bool { return r.Permission == p }) {
				all = append(all, Right{p, optional})
			}
		}
	}
	add(false, chaos.Permissions(c.Workload, c.Disruptions)...)
	if c.Inside != nil {
		add(false, insideRights...)
		if c.Inside.Senders == check.EachNode {
			add(false, chaos.Permission{Cluster: true, Verb: "list", Resource: "nodes"})
		}
	}
	for _, r := range timeline.Resources(c.Workload.Kind, c.Target.ShutdownLog != "") {
		p := chaos.Permission{Cluster: r.ClusterWide, Namespace: r.Namespace, Group: r.Group, Resource: r.Name, Subresource: r.Subresource}
		if r.Own {
			p.Name = c.Workload.Name
		}
		for _, p.Verb = range r.Verbs {
			add(r.Optional, p)
		}
	}
	if c.Control != nil {
		add(false, controlRights...)
	}
	add(true, chaos.OptionalPermissions()...)
	return all
}

// controlRights are what the control takes beyond the workload's own check.
// Its names differ from run to run, so the rights are to all objects.
var controlRights = []chaos.Permission{
	{Verb: "create", Group: "apps", Resource: "deployments"},
	{Verb: "delete", Group: "apps", Resource: "deployments"},
	{Verb: "get", Group: "apps", Resource: "deployments"},
	{Verb: "list", Group: "apps", Resource: "deployments"},
	{Verb: "watch", Group: "apps", Resource: "deployments"},
	{Verb: "patch", Group: "apps", Resource: "deployments"},
	{Verb: "list", Group: "apps", Resource: "replicasets"},
	{Verb: "watch", Group: "apps", Resource: "replicasets"},
	{Verb: "create", Resource: "services"},
	{Verb: "delete", Resource: "services"},
}

// insideRights are what senders in the cluster take: a Job, whose name differs from run
// to run, and a way to its pods.
var insideRights = []chaos.Permission{
	{Verb: "create", Group: "batch", Resource: "jobs"},
	{Verb: "get", Group: "batch", Resource: "jobs"},
	{Verb: "delete", Group: "batch", Resource: "jobs"},
	{Verb: "get", Resource: "pods"},
	{Verb: "create", Resource: "pods", Subresource: "portforward"},
}

// those gives the permissions of the rights that pick picks.
func those(rights []Right, pick func(Right) bool) (permissions []chaos.Permission) {
	for _, r := range rights {
		if pick(r) {
			permissions = append(permissions, r.Permission)
		}
	}
	return permissions
}

func required(r Right) bool { return !r.Optional }

// wouldWatch picks what is watched where that is allowed.
func wouldWatch(r Right) bool { return r.Optional && r.Verb == "watch" }

// RightsError is a run that the cluster's rules do not allow.
type RightsError struct {
	Namespace string
	Missing   []chaos.Permission
	// See is the command that shows the rights there are.
	See string
}

// Error names each missing right as kubectl auth can-i would.
func (e *RightsError) Error() string {
	var inside, outside []string
	for _, p := range e.Missing {
		if p.Cluster || p.Namespace != "" {
			outside = append(outside, p.String()) // which says where
		} else {
			inside = append(inside, p.String())
		}
	}
	var parts []string
	if len(inside) > 0 {
		parts = append(parts, fmt.Sprintf("in namespace %s: %s", e.Namespace, strings.Join(inside, ", ")))
	}
	if len(outside) > 0 {
		parts = append(parts, "to "+strings.Join(outside, ", "))
	}
	return "rights are missing " + strings.Join(parts, "; and ") + "; see which there are with: " + e.See
}
