package fleet

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

// What a check says, secrets or not, stands in no object of the cluster: each request
// that a launch and a run make of the API server is looked through.
func TestNothingOfTheCheckIsInTheCluster(t *testing.T) {
	c := newCluster(t)
	cfg, _ := config(t, c, target(t, 0).URL, 2)
	cfg.Assignment.Files = map[string][]byte{"body.json": []byte(secret)}
	cfg.Assignment.Streams[1].Body = &check.Body{File: "body.json"}
	f := launched(t, cfg)
	if _, err := f.Stop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	words := []string{secret, "Authorization", "X-Pod-Name", "body.json", "fresh", "kept", "127.0.0.1", "POST"}
	made := 0
	for _, action := range c.Actions() {
		if create, ok := action.(clienttesting.CreateAction); ok && action.GetVerb() == "create" {
			made++
			text, err := json.Marshal(create.GetObject())
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range words {
				if strings.Contains(string(text), word) {
					t.Errorf("%s stands in the %s", word, action.GetResource().Resource)
				}
			}
		}
		switch verb := action.GetVerb(); verb {
		case "create", "get", "list", "watch", "delete":
		default:
			t.Errorf("the verb %s is not among the rights", verb)
		}
	}
	if made != 1 {
		t.Errorf("%d objects were made, want the Job alone", made)
	}
}

func TestJob(t *testing.T) {
	job := newJob(runID, "tool:v1", placement{senders: 3, avoid: []string{"a", "b"}})
	spec, template := job.Spec, job.Spec.Template
	if job.Name != name || *spec.Completions != 3 || *spec.Parallelism != 3 || *spec.CompletionMode != batchv1.IndexedCompletion {
		t.Errorf("got %s, %+v", job.Name, spec)
	}
	// One that fails must end neither the others nor come again.
	if *spec.BackoffLimitPerIndex != 0 || int(*spec.BackoffLimit) < 3 || template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("got %+v", spec)
	}
	if *spec.TTLSecondsAfterFinished <= 0 || *spec.ActiveDeadlineSeconds <= 0 {
		t.Errorf("the job would stay for ever: %+v", spec)
	}
	for what, has := range map[string]map[string]string{"job": job.Labels, "pods": template.Labels} {
		selector, err := labels.Parse(label.Selector)
		if err != nil {
			t.Fatal(err)
		}
		if !selector.Matches(labels.Set(has)) || has[label.Run] != runID {
			t.Errorf("restore does not find the %s by %v", what, has)
		}
	}
	if container := template.Spec.Containers[0]; container.Image != "tool:v1" || !reflect.DeepEqual(container.Args, []string{"send"}) || len(container.Env) > 0 {
		t.Errorf("got container %+v", container)
	}
	nodes := template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	want := []corev1.NodeSelectorRequirement{
		{Key: "metadata.name", Operator: "NotIn", Values: []string{"a"}},
		{Key: "metadata.name", Operator: "NotIn", Values: []string{"b"}},
	}
	if len(nodes) != 1 || !reflect.DeepEqual(nodes[0].MatchFields, want) || len(template.Spec.TopologySpreadConstraints) != 1 {
		t.Errorf("got nodes %+v, spread %+v", nodes, template.Spec.TopologySpreadConstraints)
	}
	apart := newJob(runID, "tool:v1", placement{senders: 3, apart: true}).Spec.Template.Spec
	if terms := apart.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution; len(terms) != 1 || apart.Affinity.NodeAffinity != nil || apart.TopologySpreadConstraints != nil {
		t.Errorf("got %+v, spread %+v", apart.Affinity, apart.TopologySpreadConstraints)
	}
}

// node is one that takes pods, but for a change.
func node(name string, change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelOSStable: "linux"}},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func tainted(effect corev1.TaintEffect) func(*corev1.Node) {
	return func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "x", Effect: effect}} }
}

func TestSenderOnEachNode(t *testing.T) {
	client := fake.NewClientset(
		node("good"), node("wished-for-less", tainted(corev1.TaintEffectPreferNoSchedule)), node("drained"),
		node("control-plane", tainted(corev1.TaintEffectNoSchedule)), node("unreachable", tainted(corev1.TaintEffectNoExecute)),
		node("cordoned", func(n *corev1.Node) { n.Spec.Unschedulable = true }),
		node("not-ready", func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }),
		node("windows", func(n *corev1.Node) { n.Labels[corev1.LabelOSStable] = "windows" }),
	)
	cfg := Config{Observe: client, All: true, AvoidNodes: []string{"drained"}}
	p, err := place(t.Context(), cfg)
	if want := (placement{senders: 2, apart: true, avoid: []string{"drained"}}); err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v, %v; want %+v", p, err, want)
	}
	cfg.AvoidNodes = []string{"drained", "good", "wished-for-less"}
	if _, err := place(t.Context(), cfg); err == nil || !strings.HasPrefix(err.Error(), "no node can take a sender") {
		t.Errorf("got %v", err)
	}
	client.PrependReactor("list", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("nodes"), "", nil)
	})
	if _, err := place(t.Context(), cfg); err == nil || !strings.HasSuffix(err.Error(), "allow it, or give a number of senders") {
		t.Errorf("got %v", err)
	}
}

func TestServiceThatSelectsSenders(t *testing.T) {
	for name, test := range map[string]struct {
		selector map[string]string
		selects  bool
	}{
		"none":     {nil, false},
		"other":    {map[string]string{"app": "web"}, false},
		"of both":  {map[string]string{label.ManagedBy: label.Tool, "app": "web"}, false},
		"the tool": {map[string]string{label.ManagedBy: label.Tool}, true},
	} {
		client := fake.NewClientset(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: namespace}, Spec: corev1.ServiceSpec{Selector: test.selector}})
		if err := selectsSenders(t.Context(), client, namespace, runID); (err != nil) != test.selects {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
