package matrix

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A drain touches nodes, a restart nothing beyond the namespace, and of the
// workloads only the one that is checked.
func TestRules(t *testing.T) {
	web := check.Workload{Kind: check.Deployment, Name: "web"}
	grants := func(rules []rbacv1.PolicyRule, verb, resource string) bool {
		return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
			return slices.Contains(r.Verbs, verb) && slices.Contains(r.Resources, resource)
		})
	}
	of := func(d check.Disruption) check.Check {
		return check.Check{Workload: web, Disruptions: []check.Disruption{d}}
	}
	here, everywhere := rules(of(restart))
	if !grants(here, "patch", "deployments") || grants(everywhere, "patch", "nodes") {
		t.Errorf("restart: here %v\neverywhere %v", here, everywhere)
	}
	for _, r := range here {
		if slices.Contains(r.Resources, "deployments") && !slices.Equal(r.ResourceNames, []string{"web"}) {
			t.Errorf("not only web: %v", r)
		}
	}
	here, everywhere = rules(of(check.Disruption{Drain: &check.Drain{Node: check.OfAPod}}))
	if !grants(here, "create", "pods/eviction") || !grants(everywhere, "patch", "nodes") {
		t.Errorf("drain: here %v\neverywhere %v", here, everywhere)
	}
	inside := of(restart)
	inside.Inside = &check.Inside{Senders: 2}
	if here, _ = rules(inside); !grants(here, "create", "jobs") || !grants(here, "create", "pods/portforward") {
		t.Errorf("with senders: here %v", here)
	}
}
