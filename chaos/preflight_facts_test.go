package chaos

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// addBudget adds a PodDisruptionBudget for pods with that app label.
func (c *cluster) addBudget(name, app string, allowed int32) {
	c.must(c.Client.Tracker().Add(&policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}},
		Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed, DesiredHealthy: 3 - allowed, CurrentHealthy: 3},
	}))
}

func (c *cluster) forbid(resource string) {
	c.Client.PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, forbidden(resource)
	})
}

func TestFactsWarnOfTheSurroundings(t *testing.T) {
	apart := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			}},
		}}
	}
	tests := map[string]struct {
		object      func(*appsv1.Deployment)
		cluster     func(*cluster)
		disruptions []check.Disruption
		want        []string
	}{
		"no budget":             {nil, nil, []check.Disruption{aRestart}, nil},
		"no budget for a drain": {nil, nil, []check.Disruption{aDrain}, []string{"no PodDisruptionBudget covers the workload's pods: nothing keeps evictions and drains from ending all of them at once"}},
		"a budget": {
			nil, func(c *cluster) { c.addBudget("web", "web", 1); c.addBudget("db", "db", 0) }, nil,
			nil,
		},
		"an exhausted budget": {
			nil, func(c *cluster) { c.addBudget("web", "web", 0) }, nil,
			[]string{"PodDisruptionBudget web covers the workload's pods and allowed no disruption before the run (it wants 3 healthy, 3 were): evictions are refused then"},
		},
		"two budgets": {
			nil, func(c *cluster) { c.addBudget("web", "web", 1); c.addBudget("all", "web", 1) }, nil,
			[]string{"PodDisruptionBudgets all, web cover the same pods: the eviction API answers 500 for them, so that nobody can drain their nodes"},
		},
		"no right to budgets": {
			nil, func(c *cluster) { c.forbid("poddisruptionbudgets") }, nil,
			[]string{"no right to list poddisruptionbudgets: whether one covers the workload's pods is not known"},
		},
		"kept by others": {
			func(d *appsv1.Deployment) {
				d.Annotations["meta.helm.sh/release-name"] = "web"
				d.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "shop"}
				d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "argocd-controller"}, {Manager: "kustomize-controller"}}
			}, nil, nil,
			[]string{
				"Argo CD manages it and may undo what a check changes",
				"Flux manages it and may undo what a check changes",
				"Helm manages it and may undo what a check changes when a release is made",
			},
		},
		"no room for one more": {
			apart, func(c *cluster) { c.OnNodes("n1", "n2", "n3") }, nil,
			[]string{"required anti-affinity allows one pod per node, and 3 nodes can take them: with 3 pods there is no room for one more, so a replacement stays Pending until a pod is gone"},
		},
		"room for one more":             {apart, func(c *cluster) { c.OnNodes("n1", "n2", "n3", "n4") }, nil, nil},
		"apart from others, not itself": {func(d *appsv1.Deployment) { apart(d); d.Spec.Template.Labels = map[string]string{"app": "x"} }, nil, nil, nil},
		"no right to nodes": {
			apart, func(c *cluster) { c.forbid("nodes") }, nil,
			[]string{"no right to list nodes: whether its required anti-affinity or topology spread leaves room for one more pod is not known"},
		},
		"spread": {
			func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
					TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
					LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
				}}
			}, func(c *cluster) { c.OnNodes("n1") }, nil,
			[]string{"a required topology spread (DoNotSchedule) by node: while a node is cordoned or full, replacements may stay Pending"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				if test.object != nil {
					test.object(d)
				}
			})
			c.must(c.Client.Tracker().Add(&corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: namespace},
				Spec:       corev1.ServiceSpec{Selector: c.Deployment().Spec.Template.Labels},
			}))
			if test.cluster != nil {
				test.cluster(c)
			}
			got, err := c.open().Facts(t.Context(), check.Check{Disruptions: test.disruptions})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "warnings", got.Warnings, test.want...)
		})
	}
}
