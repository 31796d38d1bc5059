package chaos

import (
	"slices"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestPermissions(t *testing.T) {
	ofEvery := []string{
		"get deployments.apps web", "list pods", "list services",
		"list deployments.apps web", "watch deployments.apps web", "watch pods",
	}
	claiming := append(slices.Clone(ofEvery), "patch deployments.apps web")
	tests := map[string]struct {
		workload    check.Workload
		disruptions []check.Disruption
		want        []string
	}{
		"to look": {web, nil, []string{"get deployments.apps web", "list pods", "list services"}},
		"restart": {check.Workload{Kind: check.DaemonSet, Name: "node"}, []check.Disruption{aRestart}, []string{
			"get daemonsets.apps node", "list pods", "list services",
			"list daemonsets.apps node", "watch daemonsets.apps node", "watch pods", "patch daemonsets.apps node",
		}},
		"scale": {web, []check.Disruption{aRestart, scaleToOne, scaleToOne}, []string{
			"get deployments.apps web", "list pods", "list services",
			"list deployments.apps web", "watch deployments.apps web", "watch pods", "patch deployments.apps web",
		}},
		"delete and evict": {web, []check.Disruption{{Delete: &check.Delete{}}, {Evict: &check.Evict{}}}, []string{
			"get deployments.apps web", "list pods", "list services",
			"list deployments.apps web", "watch deployments.apps web", "watch pods", "patch deployments.apps web",
			"delete pods", "create pods/eviction",
		}},
		"drain": {web, []check.Disruption{{Drain: &check.Drain{Node: "n1", Pods: check.DrainAll}}}, []string{
			"get deployments.apps web", "list pods", "list services",
			"list deployments.apps web", "watch deployments.apps web", "watch pods", "patch deployments.apps web",
			"list nodes in the whole cluster", "get nodes n1 in the whole cluster", "patch nodes n1 in the whole cluster",
			"create pods/eviction in the whole cluster", "list pods in the whole cluster", "get daemonsets.apps in the whole cluster",
		}},
		"kill by exec": {web, []check.Disruption{aKill(check.Kill{})}, append(slices.Clone(claiming),
			"create pods/exec", "get pods/exec")},
		"kill by ephemeral container": {web, []check.Disruption{aKill(check.Kill{Via: check.ViaEphemeral})}, append(slices.Clone(claiming),
			"get pods", "patch pods/ephemeralcontainers")},
		"kill by node": {web, []check.Disruption{aKill(check.Kill{Via: check.ViaNode})}, append(slices.Clone(claiming),
			"get pods", "create pods", "delete pods")},
		"image":   {web, []check.Disruption{anImage}, claiming},
		"command": {web, []check.Disruption{{Command: check.NewValues("true")}}, claiming},
		"observe": {web, []check.Disruption{{Observe: &check.Observe{}}}, ofEvery},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range Permissions(test.workload, test.disruptions) {
				got = append(got, p.String())
			}
			want(t, "permissions", got, test.want...)
		})
	}
}

// What a whole disruption calls for is what Permissions asks for: no more, so
// that a role can be small, and no less, so that nothing fails half way.
func TestPermissionsAreThoseUsed(t *testing.T) {
	for _, d := range []check.Disruption{
		scaleToOne, scaleToFive, anImage, {Delete: &check.Delete{}}, {Evict: &check.Evict{}}, aDrain, {Drain: &check.Drain{Pods: check.DrainAll}},
	} {
		t.Run(string(d.Kind()), func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			c.addDaemon("n1")
			permissionsAreThoseUsed(t, c, d)
		})
	}
}

func permissionsAreThoseUsed(t *testing.T, c *cluster, d check.Disruption) {
	t.Helper()
	r := c.begin("run-1")
	w := c.open()
	if _, err := w.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Plan(t.Context(), []check.Disruption{d}); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(t.Context(), 0, d); err != nil {
		t.Fatal(err)
	}
	c.usedAsAsked(t, d)
}

// usedAsAsked holds what was called for against what is asked for.
func (c *cluster) usedAsAsked(t *testing.T, d check.Disruption) {
	t.Helper()
	used := map[string]bool{"list services": true} // by Facts
	for _, action := range c.Client.Actions() {
		r := action.GetResource()
		p := Permission{Verb: action.GetVerb(), Group: r.Group, Resource: r.Resource, Subresource: action.GetSubresource()}
		p.Cluster = action.GetNamespace() != namespace
		if d.Drain != nil && d.Drain.Pods == check.DrainAll && p.Subresource == "eviction" {
			p.Cluster = true // others' pods may be anywhere
		}
		used[p.String()] = true
	}
	for _, p := range Permissions(web, []check.Disruption{d}) {
		p.Name = ""
		if !used[p.String()] {
			t.Errorf("asks for %s without need", p)
		}
		delete(used, p.String())
	}
	for p := range used {
		t.Errorf("uses %s without asking", p)
	}
}

func TestMissing(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("create", "selfsubjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		asked := review.Spec.ResourceAttributes
		review.Status.Allowed = asked.Verb != "patch" && (asked.Namespace == namespace) == (asked.Resource != "nodes")
		return true, review, nil
	})
	missing, err := Missing(t.Context(), client, namespace, Permissions(web, []check.Disruption{scaleToOne, aDrain}))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "missing", missing, Permission{Verb: "patch", Group: "apps", Resource: "deployments", Name: "web"}, Permission{Cluster: true, Verb: "patch", Resource: "nodes"})
}
