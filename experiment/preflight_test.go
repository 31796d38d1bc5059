package experiment

import (
	"slices"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestRightsErrorSaysWhere(t *testing.T) {
	scale := chaos.Permission{Verb: "patch", Group: "apps", Resource: "deployments", Subresource: "scale", Name: "web"}
	pods := chaos.Permission{Verb: "list", Resource: "pods"}
	nodes := chaos.Permission{Verb: "list", Resource: "nodes", Cluster: true}
	for want, missing := range map[string][]chaos.Permission{
		"rights are missing in namespace shop: patch deployments.apps/scale web, list pods; see which there are with: kubectl auth can-i --list":       {scale, pods},
		"rights are missing to list nodes in the whole cluster; see which there are with: kubectl auth can-i --list":                                   {nodes},
		"rights are missing in namespace shop: list pods; and to list nodes in the whole cluster; see which there are with: kubectl auth can-i --list": {nodes, pods},
	} {
		if got := (&RightsError{Namespace: "shop", Missing: missing, See: "kubectl auth can-i --list"}).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Leases are read in two namespaces, and a Role in each is enough: the question
// is asked there and not for the whole cluster.
func TestLeasesAreAskedForInTheirNamespaces(t *testing.T) {
	client := fake.NewClientset()
	var asked []string
	client.PrependReactor("create", "selfsubjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		if a := review.Spec.ResourceAttributes; a.Resource == "leases" {
			asked = append(asked, a.Verb+" in "+a.Namespace)
		}
		return true, review, nil
	})
	missing, err := chaos.Missing(t.Context(), client, "shop", those(Rights(check.Check{Workload: web}), wouldWatch))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"watch in kube-node-lease", "watch in kube-system"}; !slices.Equal(asked, want) {
		t.Errorf("asked to %q, want %q", asked, want)
	}
	var named []string
	for _, p := range missing {
		named = append(named, p.String())
	}
	if want := []string{
		"watch nodes in the whole cluster",
		"watch leases.coordination.k8s.io in namespace kube-node-lease",
		"watch leases.coordination.k8s.io in namespace kube-system",
	}; !slices.Equal(named, want) {
		t.Errorf("missing are %q, want %q", named, want)
	}
}
