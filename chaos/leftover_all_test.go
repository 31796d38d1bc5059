package chaos

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

// made is the metadata of something that run-9 has made.
func made(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: namespace, UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(present),
		Labels: map[string]string{label.ManagedBy: label.Tool, label.Run: "run-9"},
	}
}

// littered is a cluster in which runs have left one of each kind, beside what is
// others'.
func littered(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(t)
	c.OnNodes("n1", "n2", "n3", "n4")
	r := c.begin("run-1")
	r.Now = time.Now // as the fake API notes when the cordon was written
	if err := c.interrupt(r, scaleToOne); err == nil {
		t.Fatal("it came to its end")
	}
	cordon := `{"run":"run-8","namespace":"shop","workload":"deployment/gone"}`
	c.must((&Workload{client: c.Client}).patchNode(t.Context(), c.Node("n3"), &cordon, map[string]any{"unschedulable": true}))
	c.SetNode("n4", func(n *corev1.Node) { n.Spec.Unschedulable = true })
	owned := made("left-by-the-control")
	owned.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "control", Controller: new(true)}}
	managed := made("others")
	delete(managed.Labels, label.Run)
	for _, object := range []runtime.Object{
		&corev1.Pod{ObjectMeta: made("helper")}, &corev1.Pod{ObjectMeta: owned}, &corev1.Pod{ObjectMeta: managed},
		&corev1.Service{ObjectMeta: made("control")}, &appsv1.Deployment{ObjectMeta: made("control")}, &batchv1.Job{ObjectMeta: made("job")},
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: namespace}},
	} {
		c.must(c.Client.Tracker().Add(object))
	}
	c.Client.ClearActions()
	return c
}

func linesOf(left []Leftover) []string {
	var lines []string
	for _, l := range left {
		lines = append(lines, l.Object+": "+l.What+" ("+l.Run+")")
	}
	slices.Sort(lines)
	return lines
}

// Whatever runs have left is found, in one namespace as in all, and looking changes
// nothing. Put back, nothing of it is there any more, and what is others' still is.
func TestAllLeft(t *testing.T) {
	everything := []string{
		"deployment/control: removed (run-9)",
		"deployment/web: replicas set back from 1 to 3 (run-1)",
		"job/job: removed (run-9)",
		"node/n3: uncordoned, which was cordoned for deployment/gone in namespace shop (run-8)",
		"pod/helper: removed (run-9)",
		"service/control: removed (run-9)",
	}
	for _, where := range []string{"", namespace} {
		c := littered(t)
		left, err := AllLeft(t.Context(), c.Client, where, time.Now, ByHand{})
		want(t, "left, "+where, append(linesOf(left), text(err)), append(everything, "")...)
		want(t, "writes", c.Writes())
		for _, l := range left {
			if l.Doubt != "" {
				t.Errorf("in doubt: %s", l)
			}
			if did, err := l.PutBack(t.Context()); did == "" || err != nil {
				t.Errorf("%s: did %q, %v", l, did, err)
			}
		}
		again, err := AllLeft(t.Context(), c.Client, where, time.Now, ByHand{})
		want(t, "again", append(linesOf(again), text(err)), "")
		c.isUndone("n3")
		if !c.Node("n4").Spec.Unschedulable || *c.Deployment().Spec.Replicas != 3 {
			t.Errorf("n4 is %+v, %d replicas", c.Node("n4").Spec, *c.Deployment().Spec.Replicas)
		}
		for _, name := range []string{"others", "left-by-the-control"} {
			if _, err := c.Client.Tracker().Get(fakecluster.Pods, namespace, name); err != nil {
				t.Errorf("pod %s: %v", name, err)
			}
		}
	}
	c := littered(t)
	left, err := AllLeft(t.Context(), c.Client, "elsewhere", time.Now, ByHand{})
	want(t, "elsewhere", append(linesOf(left), text(err)), "")
}

// Who may not look at some kind of object is told so, and of all others what is left.
func TestAllLeftTellsWhatItMayNotSee(t *testing.T) {
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets", "nodes", "pods", "services", "jobs"} {
		c := littered(t)
		c.Client.PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, forbidden(resource)
		})
		left, err := AllLeft(t.Context(), c.Client, "", time.Now, ByHand{})
		if err == nil || !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "look for ") || !strings.Contains(err.Error(), resource) {
			t.Errorf("%s: got %v", resource, err)
		}
		unseen := map[string]int{"deployments": 2, "statefulsets": 0, "daemonsets": 0, "nodes": 1, "pods": 1, "services": 1, "jobs": 1}
		if n := 6 - unseen[resource]; len(left) != n {
			t.Errorf("without %s: got %v, want %d", resource, linesOf(left), n)
		}
	}
}

// Only the very object that was found is removed. One that was made anew by the same
// name stays, and is not waited for.
func TestAllLeftSparesWhatWasMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := littered(t)
		left, err := AllLeft(t.Context(), c.Client, "", time.Now, ByHand{})
		c.must(err)
		helper := left[slices.IndexFunc(left, func(l Leftover) bool { return l.Object == "pod/helper" })]
		anew := made("helper")
		anew.UID = "uid-anew"
		c.must(c.Client.Tracker().Update(fakecluster.Pods, &corev1.Pod{ObjectMeta: anew}, namespace))
		ctx, cancel := contextEnding(t, time.Minute)
		defer cancel()
		began := time.Now()
		did, err := helper.PutBack(ctx)
		want(t, "did", []string{did, text(err)}, "", "")
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
		if _, err := c.Client.Tracker().Get(fakecluster.Pods, namespace, "helper"); err != nil {
			t.Errorf("the pod that was made anew: %v", err)
		}
	})
}

// A cordon is offered whatever its date says, also one that lies ahead of this clock.
func TestCordonOfAnotherClock(t *testing.T) {
	for name, tt := range map[string]struct {
		ahead time.Duration
		want  string
	}{
		"now":        {0, ""},
		"old":        {-49 * time.Hour, "it is 49h0m0s old"},
		"far ahead":  {1000 * time.Hour, ""},
		"a bit late": {time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := littered(t)
			written := time.Now().Add(tt.ahead)
			c.SetNode("n3", func(n *corev1.Node) {
				for i := range n.ManagedFields {
					n.ManagedFields[i].Time = new(metav1.NewTime(written))
				}
			})
			left, err := cordonsLeft(t.Context(), c.Client, func(by mark) bool { return by.Run == "run-8" }, time.Now)
			c.must(err)
			if len(left) != 1 || left[0].Doubt != tt.want {
				t.Fatalf("%+v, want one in doubt for %q", left, tt.want)
			}
			if _, err := left[0].PutBack(t.Context()); err != nil || c.Node("n3").Spec.Unschedulable {
				t.Errorf("not put back: %v", err)
			}
		})
	}
}
