package chaos

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Permission is one right, in the workload's namespace unless Cluster or
// Namespace is set.
type Permission struct {
	// Cluster is a right to what lies in no namespace, or in all of them.
	Cluster bool
	// Namespace is another namespace than the workload's.
	Namespace   string
	Verb        string
	Group       string
	Resource    string
	Subresource string
	// Name is the one object the right is needed for; empty means all. A
	// watch of one object by its name needs no more than the right to that one
	// (apiserver pkg/endpoints/request/requestinfo.go).
	Name string
}

// String gives it as in "patch deployments.apps/scale web" or "list nodes in
// the whole cluster".
func (p Permission) String() string {
	text := p.Verb + " " + p.Resource
	if p.Group != "" {
		text += "." + p.Group
	}
	if p.Subresource != "" {
		text += "/" + p.Subresource
	}
	if p.Name != "" {
		text += " " + p.Name
	}
	if p.Cluster {
		text += " in the whole cluster"
	}
	if p.Namespace != "" {
		text += " in namespace " + p.Namespace
	}
	return text
}

// Permissions gives the rights that this package needs for the disruptions,
// and no others: for Open, Healthy, Facts, Plan, and for Do and Restore
// where there are disruptions.
func Permissions(ref check.Workload, disruptions []check.Disruption) []Permission {
	needed := []Permission{
		onWorkload(ref, "get"),
		{Verb: "list", Resource: "pods"},
		{Verb: "list", Resource: "services"},
	}
	if len(disruptions) > 0 {
		needed = append(needed, onWorkload(ref, "list"), onWorkload(ref, "watch"), Permission{Verb: "watch", Resource: "pods"})
	}
	if slices.ContainsFunc(disruptions, Claims) {
		// A change that is to be undone is announced by an annotation, whatever it changes.
		needed = append(needed, onWorkload(ref, "patch"))
	}
	for _, d := range disruptions {
		kind := disrupterOf(d)
		if kind == nil {
			continue
		}
		for _, p := range kind.permissions(ref) {
			if !slices.Contains(needed, p) {
				needed = append(needed, p)
			}
		}
	}
	return needed
}

// OptionalPermissions are the rights without which Facts warns of less.
func OptionalPermissions() []Permission {
	return []Permission{
		{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers"},
		{Verb: "list", Group: "policy", Resource: "poddisruptionbudgets"},
	}
}

// onWorkload is a right to the workload itself.
func onWorkload(ref check.Workload, verb string) Permission {
	resource := map[check.WorkloadKind]string{
		check.Deployment: "deployments", check.StatefulSet: "statefulsets", check.DaemonSet: "daemonsets",
	}[ref.Kind]
	return Permission{Verb: verb, Group: "apps", Resource: resource, Name: ref.Name}
}

// Missing gives those of the rights that the client does not have, by asking
// the API server for each (SelfSubjectAccessReview).
func Missing(ctx context.Context, client kubernetes.Interface, namespace string, needed []Permission) ([]Permission, error) {
	var missing []Permission
	for _, p := range needed {
		where := cmp.Or(p.Namespace, namespace)
		if p.Cluster {
			where = metav1.NamespaceAll
		}
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: where, Verb: p.Verb, Group: p.Group, Resource: p.Resource, Subresource: p.Subresource, Name: p.Name,
			},
		}}
		answer, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return nil, fmt.Errorf("ask for the right to %s: %w", p, err)
		}
		if !answer.Status.Allowed {
			missing = append(missing, p)
		}
	}
	return missing, nil
}
