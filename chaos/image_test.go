package chaos

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestImageGoesThereAndBack(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	if err := r.Do(t.Context(), 0, anImage); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Restored, recording.Steady)
	want(t, "details", []string{r.actions[0].Detail, r.actions[1].Detail, r.actions[2].Detail},
		"template set to image web:2 and NEW=(hidden, 1 byte) and MODE=(hidden, 4 bytes) in container app",
		`container app: image set back from web:2 to web:1, variable NEW removed again, variable MODE set back from (hidden, 4 bytes) to (hidden, 4 bytes)`,
		"6 pods ended, all that are wanted are Ready")
	want(t, "doomed at first", r.actions[0].Doomed, "web-h7-1", "web-h7-2", "web-h7-3")
	want(t, "journal", r.steps(t), stepBegun, stepRestored)
	c.must(r.Release(t.Context()))
	if d := c.Deployment(); !fakecluster.SameTemplate(d, fakecluster.NewDeployment()) || d.Annotations[undoKey] != "" {
		t.Errorf("left as %+v", d)
	}
}

func TestImageStaysWhereAsked(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	stay := check.Disruption{Image: &check.Image{Container: "log", Image: "log:2", Restore: new(false)}}
	if err := r.Do(t.Context(), 0, stay); err != nil {
		t.Fatal(err)
	}
	if err := r.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Steady)
	var images []string
	for _, container := range c.Deployment().Spec.Template.Spec.Containers {
		images = append(images, container.Image)
	}
	want(t, "images", images, "web:1", "log:2")
}

func TestImagePlan(t *testing.T) {
	tests := map[string]struct {
		image  check.Image
		paused bool
		want   string
	}{
		"image":             {check.Image{Image: "web:2"}, false, "roll deployment/web out with image web:2 in container app: ends 3 of its 3 pods, with at least 2 available and at most 3 at once, then back"},
		"what differs only": {check.Image{Image: "web:1", Env: []check.EnvVar{{Name: "MODE"}}, Restore: new(false)}, false, "roll deployment/web out with MODE=(hidden, 0 bytes) in container app: ends 3 of its 3 pods, with at least 2 available and at most 3 at once, and it stays so"},
		"no such container": {check.Image{Image: "web:2", Container: "db"}, false, `disruptions[0].image.container: deployment/web has no container "db"; want app or log`},
		"nothing new":       {check.Image{Image: "web:1", Env: []check.EnvVar{{Name: "MODE", Value: check.NewValue("fast")}}}, false, "disruptions[0].image: container app of deployment/web has that image and those variables already, so nothing would end"},
		"valueFrom":         {check.Image{Env: []check.EnvVar{{Name: "MODE", Value: check.NewValue("x")}, {Name: "NODE", Value: check.NewValue("x")}}}, false, "disruptions[0].image.env[1].name: variable NODE of container app has its value from elsewhere (valueFrom); want one with a plain value, or a new one"},
		"twice there":       {check.Image{Env: []check.EnvVar{{Name: "TWICE", Value: check.NewValue("x")}}}, false, "disruptions[0].image.env[0].name: container app has 2 variables TWICE, so which one to put back is not clear"},
		"paused":            {check.Image{Image: "web:2"}, true, "disruptions[0].image: deployment/web is paused, so nothing would end; resume it first: kubectl rollout resume deployment/web -n shop"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) { d.Spec.Paused = test.paused })
			lines, err := c.open().Plan(t.Context(), []check.Disruption{{Image: &test.image}})
			if err == nil {
				want(t, "lines", lines, test.want)
			} else if err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			want(t, "writes", c.Writes())
		})
	}
}

// A second rollout of what the first one left is a change that changes nothing.
func TestImagePlanGoesOn(t *testing.T) {
	stay := check.Disruption{Image: &check.Image{Image: "web:2", Restore: new(false)}}
	_, err := newCluster(t).open().Plan(t.Context(), []check.Disruption{stay, stay})
	if text(err) != "disruptions[1].image: container app of deployment/web has that image and those variables already, so nothing would end" {
		t.Errorf("got %v", err)
	}
}

// The pod that cannot start is deleted, the one that runs from before is not,
// and neither is one that is Ready.
func TestImageFreesAStatefulSet(t *testing.T) {
	values := &imageChange{Container: "app", Image: &valueChange{From: "db:1", To: "db:2"}}
	pod := func(name, image string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, Namespace: namespace, UID: types.UID(name), Labels: map[string]string{"app": "db"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "StatefulSet", Name: "db", UID: "uid-db", Controller: new(true)}},
			},
			Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: namespace, UID: "uid-db"},
		Spec: appsv1.StatefulSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "db:2"}}}},
		},
	}
	set.Annotations = map[string]string{}
	client := fake.NewClientset(set, pod("db-0", "db:1", corev1.ConditionFalse), pod("db-1", "db:2", corev1.ConditionTrue), pod("db-2", "db:2", corev1.ConditionFalse))
	ref := check.Workload{Kind: check.StatefulSet, Name: "db"}
	w, err := Open(t.Context(), client, namespace, ref, present, ByHand{})
	if err != nil {
		t.Fatal(err)
	}
	set.Annotations[undoKey], err = note{Version: noteVersion, Run: "run-1", UID: w.uid, Change: &change{At: present, Image: values}}.text()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Tracker().Update(appsv1.SchemeGroupVersion.WithResource("statefulsets"), set, namespace); err != nil {
		t.Fatal(err)
	}
	lines, err := putBackLeft(t, client, ref)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "lines", lines, "statefulset/db: container app: image set back from db:2 to db:1 (run run-1)")
	all, err := w.listPods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, pod := range all {
		left = append(left, pod.Name)
	}
	want(t, "left", left, "db-0", "db-1")
}
