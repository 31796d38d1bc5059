package chaos

import (
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

func forbidden(resource string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no"))
}

// What is missing is the workload or its namespace, which the API server does not tell apart.
func TestOpenWithoutAWorkload(t *testing.T) {
	there := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	unknown := fake.NewClientset()
	unknown.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, forbidden("namespaces") })
	for name, tt := range map[string]struct {
		client *fake.Clientset
		want   string
	}{
		"no workload":  {fake.NewClientset(there), `deployments.apps "web" not found; see what there is with: kubectl get deployments -n shop --context east`},
		"no namespace": {fake.NewClientset(), `namespace shop does not exist (deployments.apps "web" not found); see those there are with: kubectl get namespaces --context east`},
		"not known":    {unknown, `deployments.apps "web" not found; see what there is with: kubectl get deployments -n shop --context east`},
	} {
		_, err := Open(t.Context(), tt.client, namespace, web, present, ByHand{Flags: []string{"--context", "east"}})
		if !apierrors.IsNotFound(err) || err.Error() != "read deployment/web in namespace shop: "+tt.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOpenRefusesAClaimedWorkload(t *testing.T) {
	const claim = `{"version":1,"run":"run-9","uid":"uid-web","change":{"at":"2026-03-01T12:00:00Z","revision":7,"scale":{"from":3,"to":1}}}`
	tests := map[string]struct {
		note, revision string
		want           string
	}{
		"another run": {
			claim, "7",
			"deployment/web bears what run run-9 has still to undo; if that run is over, put it back with: shutdowncheck restore deployment/web -n shop",
		},
		"a restart under way": {
			`{"version":1,"run":"run-9","uid":"uid-web","change":{"at":"2026-03-01T12:00:00Z","revision":7,"restart":{"from":null,"to":"x"}}}`, "8",
			"deployment/web bears what run run-9 has still to undo; if that run is over, put it back with: shutdowncheck restore deployment/web -n shop",
		},
		"a newer tool": {
			`{"version":2}`, "7",
			"annotation shutdowncheck.io/undo of deployment/web cannot be read (version 2, want 1); put things back by hand, then: kubectl annotate deployment/web -n shop shutdowncheck.io/undo-",
		},
		"nonsense": {
			`{"version":1}`, "7",
			"annotation shutdowncheck.io/undo of deployment/web cannot be read (it names no run); put things back by hand, then: kubectl annotate deployment/web -n shop shutdowncheck.io/undo-",
		},
		"no known change": {
			`{"version":1,"run":"run-9","uid":"uid-web","change":{"at":"2026-03-01T12:00:00Z"}}`, "7",
			"annotation shutdowncheck.io/undo of deployment/web cannot be read (want exactly one change of a known kind); put things back by hand, then: kubectl annotate deployment/web -n shop shutdowncheck.io/undo-",
		},
		"a claim": {
			`{"version":1,"run":"run-9","uid":"uid-web","until":"2026-03-01T12:01:00Z"}`, "7",
			"run run-9 is at work on deployment/web, until 2026-03-01T12:01:00Z at most; if it is over, release that with: shutdowncheck restore deployment/web -n shop",
		},
		"a claim without an end": {
			`{"version":1,"run":"run-9","uid":"uid-web"}`, "7",
			"run run-9 is at work on deployment/web; if it is over, release that with: shutdowncheck restore deployment/web -n shop",
		},
		"the claim of a run that must be over": {`{"version":1,"run":"run-9","uid":"uid-web","until":"2026-03-01T12:00:00Z"}`, "7", ""},
		"another object's": {
			`{"version":1,"run":"run-9","uid":"uid-of-another","change":{"at":"2026-03-01T12:00:00Z","revision":7,"scale":{"from":3,"to":1}}}`, "7", "",
		},
		"an old note that a rollback brought back": {claim, "8", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				d.Annotations[undoKey] = test.note
				d.Annotations["deployment.kubernetes.io/revision"] = test.revision
			})
			_, err := Open(t.Context(), c.Client, namespace, web, present, ByHand{})
			if test.want == "" && err == nil {
				return
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// A run that claims the workload between this one's Open and its Do wins.
func TestDoRefusesAClaimedWorkload(t *testing.T) {
	c := newCluster(t)
	first, second := c.begin("run-1"), c.begin("run-2")
	if err := c.interrupt(first, scaleToOne); err == nil {
		t.Fatal("it came to its end")
	}
	err := second.Do(t.Context(), 0, aRestart)
	if claimed, ok := errors.AsType[*ClaimedError](err); !ok || claimed.Run != "run-1" {
		t.Errorf("got %v", err)
	}
	if err := second.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.Deployment().Annotations[undoKey] == "" {
		t.Error("the other run's annotation was removed")
	}
}

func TestUndo(t *testing.T) {
	tests := map[string]struct {
		disruption check.Disruption
		want       string
	}{
		"restart":  {aRestart, "deployment/web: template annotation kubectl.kubernetes.io/restartedAt removed again (run run-1)"},
		"scale":    {scaleToOne, "deployment/web: replicas set back from 1 to 3 (run run-1)"},
		"scale up": {scaleToFive, "deployment/web: replicas set back from 5 to 3 (run run-1)"},
		"image":    {anImage, `deployment/web: container app: image set back from web:2 to web:1, variable NEW removed again, variable MODE set back from (hidden, 4 bytes) to (hidden, 4 bytes) (run run-1)`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			if err := c.interrupt(c.begin("run-1"), test.disruption); err == nil {
				t.Fatal("it came to its end")
			}
			lines, err := putBackLeft(t, c.Client, web)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "lines", lines, test.want)
			if d := c.Deployment(); *d.Spec.Replicas != 3 || !fakecluster.SameTemplate(d, fakecluster.NewDeployment()) {
				t.Errorf("got %d replicas, template %+v", *d.Spec.Replicas, d.Spec.Template)
			}
			again, err := putBackLeft(t, c.Client, web)
			if len(again) != 0 || err != nil {
				t.Errorf("a second Undo gave %v, %v", again, err)
			}
			c.open()
		})
	}
}

// What the run itself has made goes too, and no other run's.
func TestUndoRemovesWhatTheRunHasMade(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	r.Senders = "senders"
	if err := c.interrupt(r, scaleToOne); err == nil {
		t.Fatal("it came to its end")
	}
	for name, run := range map[string]string{"ours": "run-1", "theirs": "run-2"} {
		c.must(c.Client.Tracker().Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace, UID: types.UID(name), Labels: map[string]string{label.ManagedBy: label.Tool, label.Run: run},
		}}))
	}
	senders := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Name: "senders", Namespace: namespace, UID: "uid-senders", Labels: map[string]string{label.ManagedBy: label.Tool, label.Run: "run-1"},
	}}
	c.must(c.Client.Tracker().Add(senders))
	// Its pods go with it, a little later.
	c.Client.PrependReactor("delete", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		time.AfterFunc(time.Second, func() { _ = c.Client.Tracker().Delete(fakecluster.Pods, namespace, "senders-0") })
		return false, nil, nil
	})
	c.must(c.Client.Tracker().Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "senders-0", Namespace: namespace, Labels: senders.Labels, OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(senders, batchv1.SchemeGroupVersion.WithKind("Job"))},
	}}))
	lines, err := putBackLeft(t, c.Client, web)
	want(t, "lines", append(lines, text(err)),
		"deployment/web: replicas set back from 1 to 3; job/senders removed (run run-1)", "deployment/web: removed (run run-1)", "")
	if _, err := c.Client.BatchV1().Jobs(namespace).Get(t.Context(), senders.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the senders are left: %v", err)
	}
	if _, err := c.Client.Tracker().Get(fakecluster.Pods, namespace, "senders-0"); !apierrors.IsNotFound(err) {
		t.Errorf("a sender is left: %v", err)
	}
	if _, err := c.Client.Tracker().Get(fakecluster.Pods, namespace, "ours"); !apierrors.IsNotFound(err) {
		t.Errorf("the helper is left: %v", err)
	}
	if _, err := c.Client.Tracker().Get(fakecluster.Pods, namespace, "theirs"); err != nil {
		t.Errorf("another run's helper: %v", err)
	}
}

func TestUndoOfACopiedAnnotation(t *testing.T) {
	c := newCluster(t)
	if err := c.interrupt(c.begin("run-1"), scaleToOne); err == nil {
		t.Fatal("it came to its end")
	}
	c.Set(func(d *appsv1.Deployment) { d.UID = "uid-copy" })
	lines, err := putBackLeft(t, c.Client, web)
	want(t, "lines", append(lines, text(err)), "")
	if d := c.Deployment(); *d.Spec.Replicas != 1 || d.Annotations[undoKey] != "" {
		t.Errorf("got %d replicas, annotation %q", *d.Spec.Replicas, d.Annotations[undoKey])
	}
}

func TestHealthy(t *testing.T) {
	tests := map[string]struct {
		object func(*appsv1.Deployment)
		pod    func(*corev1.Pod)
		want   string
	}{
		"all well": {},
		"no pods wanted": {
			func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(0)) }, nil,
			"deployment/web wants no pods, so there is nothing to disrupt",
		},
		"not seen by its controller": {
			func(d *appsv1.Deployment) { d.Generation++ }, nil,
			"deployment/web is not healthy: its controller has not taken up the latest change",
		},
		"a rollout under way": {
			func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 }, nil,
			"deployment/web is not healthy: 1 of 3 pods updated",
		},
		"too many pods": {
			func(d *appsv1.Deployment) { d.Status.Replicas = 4 }, nil,
			"deployment/web is not healthy: 4 pods there of the 3 wanted",
		},
		"not long enough Ready": {
			func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 2 }, nil,
			"deployment/web is not healthy: 2 of 3 pods available",
		},
		"not Ready": {
			nil, func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse },
			"deployment/web is not healthy: pod web-h7-2 is not Ready",
		},
		"waiting": {nil, func(p *corev1.Pod) {
			p.Status.Conditions = nil
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
		}, "deployment/web is not healthy: pod web-h7-2 is not Ready (container app waits: ImagePullBackOff)"},
		"not scheduled": {nil, func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes"}}
		}, "deployment/web is not healthy: pod web-h7-2 is not scheduled (Unschedulable: 0/1 nodes)"},
		"terminating": {nil, func(p *corev1.Pod) {
			p.DeletionTimestamp = new(metav1.Unix(1000, 0))
			p.DeletionGracePeriodSeconds = new(int64(30))
			p.Finalizers = []string{"keep"}
		}, "deployment/web is not healthy: pod web-h7-2 is terminating (its grace of 30s ends at 1970-01-01T00:16:40Z)"},
		"left over by an eviction": {nil, func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodFailed
			p.Status.Conditions = nil
		}, ""},
		"somebody else's": {nil, func(p *corev1.Pod) {
			p.Status.Conditions = nil
			p.OwnerReferences[0].Name = "webshop-h7"
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			if test.object != nil {
				c.Set(test.object)
			}
			if test.pod != nil {
				pod := c.Pods()[1]
				test.pod(pod)
				c.must(c.Client.Tracker().Update(fakecluster.Pods, pod, namespace))
			}
			_, err := c.open().Healthy(t.Context())
			if got := text(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestReadySinceTheLastPod(t *testing.T) {
	c := newCluster(t)
	for i, seconds := range []int64{1001, 1002, 1000} {
		pod := c.Pods()[i]
		pod.Status.Conditions[0].LastTransitionTime = metav1.Unix(seconds, 0)
		c.must(c.Client.Tracker().Update(fakecluster.Pods, pod, namespace))
	}
	since, err := c.open().Healthy(t.Context())
	if want := time.Unix(1002, 0); err != nil || !since.Equal(want) {
		t.Errorf("got %s, %v, want %s", since, err, want)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFacts(t *testing.T) {
	c := newCluster(t, func(d *appsv1.Deployment) {
		d.Spec.Strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromString("25%")), MaxUnavailable: new(intstr.FromInt32(0))}
		d.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "wait", Image: "wait:1"}}
	})
	for name, selector := range map[string]map[string]string{
		"front": {"tier": "front"}, "all": {"app": "web", "tier": "front"}, "other": {"app": "db"}, "external": nil,
	} {
		c.must(c.Client.Tracker().Add(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Spec: corev1.ServiceSpec{Selector: selector}}))
	}
	got, err := c.open().Facts(t.Context(), check.Check{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "services", got.Services, "all", "front")
	want(t, "warnings", got.Warnings,
		"several services select its pods (all, front), and the URL does not tell to which of them it leads: all of them count; name the one in target.service")
	want(t, "words", []string{got.Kind, got.Name, got.UID, got.Selector, got.Strategy, got.MaxSurge, got.MaxUnavailable},
		"Deployment", "web", "uid-web", "app=web", "RollingUpdate", "25%", "0")
	want(t, "containers", got.Containers, "app", "log", "wait")
	if got.Replicas != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestFactsWarn(t *testing.T) {
	c := newCluster(t, func(d *appsv1.Deployment) {
		d.Spec.Replicas = new(int32(1))
		d.Spec.Paused = true
	})
	c.autoscaler("busy", "Deployment", "web")
	got, err := c.open().Facts(t.Context(), check.Check{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "warnings", got.Warnings,
		"the workload has one replica: whatever ends that pod leaves the service to its replacement alone",
		"the workload is paused: its template can change without a rollout",
		"no service selects the workload's pods: what the endpoints did is not known",
		"HorizontalPodAutoscaler busy targets it and may change its replicas during the run")

	c.must(c.Client.Tracker().Add(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: namespace},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, ClusterIP: "None", SessionAffinity: corev1.ServiceAffinityClientIP},
	}))
	c.Client.PrependReactor("list", "horizontalpodautoscalers", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, forbidden("horizontalpodautoscalers")
	})
	got, err = c.open().Facts(t.Context(), check.Check{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "warnings", got.Warnings[2:],
		"service web is headless: clients find the pods by DNS, which may be out of date for as long as it is cached",
		"service web has session affinity: one client's requests all go to one pod, so the others carry no load",
		"no right to list horizontalpodautoscalers: whether one targets it is not known")
}

func TestPlan(t *testing.T) {
	c := newCluster(t, func(d *appsv1.Deployment) {
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromString("25%")), MaxUnavailable: new(intstr.FromString("25%"))}
	})
	lines, err := c.open().Plan(t.Context(), []check.Disruption{
		aRestart,
		scaleToOne,
		{Scale: &check.Scale{To: 2, Restore: new(false)}},
		{Scale: &check.Scale{To: 0}},
		{Scale: &check.Scale{To: 5}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "lines", lines,
		"restart deployment/web: ends 3 of its 3 pods, with at least 3 available and at most 4 at once",
		"scale deployment/web from 3 to 1: ends 2 pods, then back to 3",
		"scale deployment/web from 3 to 2: ends 1 pod, and it stays so",
		"scale deployment/web from 2 to 0: ends 2 pods, then back to 2",
		"scale deployment/web from 2 to 5, then back to 2: ends 3 pods")
	want(t, "writes", c.Writes())
}

func TestPlanRefuses(t *testing.T) {
	tests := map[string]struct {
		change      func(*appsv1.Deployment)
		disruptions []check.Disruption
		want        string
	}{
		"scale to what there is": {
			nil,
			[]check.Disruption{aRestart, {Scale: &check.Scale{To: 3}}},
			"disruptions[1].scale.to: 3 replicas, but deployment/web wants 3 now, so nothing would end; want 0 to 2, or more than 3",
		},
		"scale to what an earlier one left": {
			nil,
			[]check.Disruption{{Scale: &check.Scale{To: 1, Restore: new(false)}}, scaleToOne},
			"disruptions[1].scale.to: 1 replicas, but deployment/web wants 1 now, so nothing would end; want 0, or more than 1",
		},
		"scale up for good": {
			nil,
			[]check.Disruption{{Scale: &check.Scale{To: 5, Restore: new(false)}}},
			"disruptions[0].scale.restore: false, but deployment/web is scaled up from 3 to 5, so nothing would end; want true, which ends the surplus",
		},
		"paused": {
			func(d *appsv1.Deployment) { d.Spec.Paused = true },
			[]check.Disruption{aRestart},
			"disruptions[0].restart: deployment/web is paused, so nothing would end; resume it first: kubectl rollout resume deployment/web -n shop",
		},
		"no pods": {
			func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(0)) },
			[]check.Disruption{aRestart},
			"disruptions[0].restart: deployment/web wants no pods, so nothing would end",
		},
		"nothing": {nil, []check.Disruption{{}}, "disruptions[0]: want exactly one disruption"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				if test.change != nil {
					test.change(d)
				}
			})
			_, err := c.open().Plan(t.Context(), test.disruptions)
			if got := text(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if _, ok := errors.AsType[*PlanError](err); !ok {
				t.Errorf("%T is no PlanError", err)
			}
			if _, ok := errors.AsType[*check.FieldError](err); !ok {
				t.Errorf("%T names no field", err)
			}
			// Do finds the same before it changes anything.
			r := c.begin("run-1")
			last := len(test.disruptions) - 1
			if err := r.Do(t.Context(), last, test.disruptions[last]); last == 0 && text(err) != test.want {
				t.Errorf("Do got %v", err)
			}
		})
	}
}

func TestPlanForOtherKinds(t *testing.T) {
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
	set := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: namespace},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(5)), Selector: selector, Ordinals: &appsv1.StatefulSetOrdinals{Start: 10},
			UpdateStrategy: appsv1.StatefulSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(12))}},
		},
	}
	onDelete := set.DeepCopy()
	onDelete.Name, onDelete.Spec.UpdateStrategy.Type = "manual", appsv1.OnDeleteStatefulSetStrategyType
	partitioned := set.DeepCopy()
	partitioned.Name, partitioned.Spec.UpdateStrategy.RollingUpdate.Partition = "held", new(int32(15))
	daemons := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "node", Namespace: namespace},
		Spec:       appsv1.DaemonSetSpec{Selector: selector, UpdateStrategy: appsv1.DaemonSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: new(intstr.FromInt32(2))}}},
		Status:     appsv1.DaemonSetStatus{DesiredNumberScheduled: 4},
	}
	client := fake.NewClientset(set, onDelete, partitioned, daemons)
	tests := map[string]struct {
		workload   string
		disruption check.Disruption
		want       string
	}{
		"StatefulSet":           {"statefulset/db", aRestart, "restart statefulset/db: ends 3 of its 5 pods, with at least 4 available and at most 5 at once"},
		"scaled StatefulSet":    {"statefulset/db", scaleToOne, "scale statefulset/db from 5 to 1: ends 4 pods, then back to 5"},
		"DaemonSet":             {"daemonset/node", aRestart, "restart daemonset/node: ends 4 of its 4 pods, with at least 2 available and at most 4 at once"},
		"scaled DaemonSet":      {"daemonset/node", scaleToOne, "disruptions[0].scale: daemonset/node has no replicas to set; want restart"},
		"OnDelete":              {"statefulset/manual", aRestart, "disruptions[0].restart: statefulset/manual has the update strategy OnDelete, so nothing would end; want RollingUpdate"},
		"wholly held partition": {"statefulset/held", aRestart, "disruptions[0].restart: statefulset/held has a partition of 15 for its 5 pods, so nothing would end"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ref, err := check.ParseWorkload(test.workload)
			if err != nil {
				t.Fatal(err)
			}
			w, err := Open(t.Context(), client, namespace, ref, present, ByHand{})
			if err != nil {
				t.Fatal(err)
			}
			lines, err := w.Plan(t.Context(), []check.Disruption{test.disruption})
			if got := strings.Join(lines, "\n") + text(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
