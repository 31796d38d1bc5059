package matrix

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// account is the name of the Job's ServiceAccount and of the Role it has.
const account = "shutdowncheck"

// rules are the rights that the tool says it needs for a check, in the workload's
// namespace and beyond it, so that each row shows that these are enough. The leases of
// two namespaces are granted with what is beyond: the cluster is the matrix's own.
func rules(c check.Check) (here, everywhere []rbacv1.PolicyRule) {
	for _, p := range experiment.Rights(c) {
		rule := rbacv1.PolicyRule{APIGroups: []string{p.Group}, Resources: []string{p.Resource}, Verbs: []string{p.Verb}}
		if p.Subresource != "" {
			rule.Resources[0] += "/" + p.Subresource
		}
		if p.Name != "" {
			rule.ResourceNames = []string{p.Name}
		}
		if p.Cluster || p.Namespace != "" {
			everywhere = append(everywhere, rule)
		} else {
			here = append(here, rule)
		}
	}
	return here, everywhere
}

// grant gives the Job's account its rights.
func (s *service) grant(ctx context.Context, d check.Disruption) error {
	here, everywhere := rules(check.Check{Workload: s.workload, Disruptions: []check.Disruption{d}, Inside: s.inside})
	meta := metav1.ObjectMeta{Name: account, Namespace: s.namespace}
	wide := metav1.ObjectMeta{Name: s.namespace}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: s.namespace}}
	rbac, options := s.client.RbacV1(), metav1.CreateOptions{}
	if _, err := s.client.CoreV1().ServiceAccounts(s.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, options); err != nil {
		return err
	}
	if _, err := rbac.Roles(s.namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: here}, options); err != nil {
		return err
	}
	if _, err := rbac.RoleBindings(s.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: account},
	}, options); err != nil {
		return err
	}
	if _, err := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: wide, Rules: everywhere}, options); err != nil {
		return err
	}
	_, err := rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: wide, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: s.namespace},
	}, options)
	return err
}
