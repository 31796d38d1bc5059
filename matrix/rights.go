package matrix

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// account is the name of the Job and of everything it needs.
const account = "shutdowncheck"

// rules are the rights of deploy/job.yaml, and what the disruption needs
// beyond them.
func rules(workload string, d *check.Disruption) []rbacv1.PolicyRule {
	rule := func(group, resource string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
	}
	all := []rbacv1.PolicyRule{
		rule("", "pods", "list", "watch"),
		rule("", "events", "list", "watch"),
		rule("", "services", "list"),
		rule("discovery.k8s.io", "endpointslices", "list", "watch"),
		rule("apps", "replicasets", "list", "watch"),
	}
	own := rule("apps", "deployments", "get", "list", "watch", "patch")
	own.ResourceNames = []string{workload}
	all = append(all, own)
	switch {
	case d.Scale != nil:
		own := rule("apps", "deployments/scale", "get", "update")
		own.ResourceNames = []string{workload}
		all = append(all, own)
	case d.Delete != nil:
		all = append(all, rule("", "pods", "get", "delete"))
	case d.Evict != nil, d.Drain != nil:
		all = append(all, rule("", "pods", "get"), rule("", "pods/eviction", "create"), rule("policy", "poddisruptionbudgets", "list"))
	case d.Kill != nil:
		all = append(all, rule("", "pods", "get", "create", "delete"), rule("", "pods/log", "get"))
	}
	return all
}

// clusterRules are the rights beyond the namespace: the nodes' clocks, and the
// nodes themselves where one is drained.
func clusterRules(d *check.Disruption) []rbacv1.PolicyRule {
	nodes := []string{"get", "list", "watch"}
	if d.Drain != nil {
		nodes = append(nodes, "patch")
	}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: nodes},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "list", "watch"}},
	}
}

// grant gives the Job's account its rights. clusterRole is the name of what is
// granted beyond the namespace.
func (s *service) grant(ctx context.Context, d *check.Disruption) error {
	here := metav1.ObjectMeta{Name: account, Namespace: s.namespace}
	everywhere := metav1.ObjectMeta{Name: s.namespace, Labels: map[string]string{ownLabel: "true"}}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: s.namespace}}
	rbac, options := s.client.RbacV1(), metav1.CreateOptions{}
	if _, err := s.client.CoreV1().ServiceAccounts(s.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: here}, options); err != nil {
		return err
	}
	if _, err := rbac.Roles(s.namespace).Create(ctx, &rbacv1.Role{ObjectMeta: here, Rules: rules(s.name, d)}, options); err != nil {
		return err
	}
	if _, err := rbac.RoleBindings(s.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: here, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: account},
	}, options); err != nil {
		return err
	}
	if _, err := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: everywhere, Rules: clusterRules(d)}, options); err != nil {
		return err
	}
	_, err := rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: everywhere, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: s.namespace},
	}, options)
	return err
}
