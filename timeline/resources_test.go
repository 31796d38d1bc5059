package timeline

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Whatever takes a right is followed, and nothing else.
func TestResourcesAreFollowed(t *testing.T) {
	for _, kind := range []check.WorkloadKind{check.Deployment, check.StatefulSet, check.DaemonSet} {
		cfg := Config{Client: fake.NewClientset(), Namespace: "shop", Workload: check.Workload{Kind: kind, Name: "web"}, Services: []string{"web"}, Now: time.Now}
		followed := cfg.resources(newPlaces(nil, nil))
		wanted := Resources(kind, false)
		if len(followed) != len(wanted) {
			t.Fatalf("%s: %d resources are followed, want %d", kind, len(followed), len(wanted))
		}
		for i, r := range wanted {
			if got := followed[i]; got.name != r.Name || got.optional != r.Optional || got.observe == nil {
				t.Errorf("%s: %s is followed as %+v", kind, r.Name, got)
			}
			_, err := followed[i].list(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Error(err)
			}
			for _, action := range cfg.Client.(*fake.Clientset).Actions() {
				if action.GetResource().Group != r.Group || action.GetResource().Resource != r.Name {
					t.Errorf("%s: lists %s", r.Name, action.GetResource())
				}
				want := map[bool]string{true: r.Namespace, false: "shop"}[r.Namespace != "" || r.ClusterWide]
				if action.GetNamespace() != want {
					t.Errorf("%s: lists in %q, want %q", r.Name, action.GetNamespace(), want)
				}
			}
			cfg.Client.(*fake.Clientset).ClearActions()
		}
	}
}
