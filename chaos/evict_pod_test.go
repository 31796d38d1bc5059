package chaos

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

var anEviction = check.Disruption{Evict: &check.Evict{}}

// tight is the API's answer where a PodDisruptionBudget leaves no room.
func tight(words string) error {
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause, Message: words}}
	return err
}

const needsThree = "The disruption budget web needs 3 healthy pods and has 3 currently"

// severalCover is the API's answer for a pod with more than one budget.
func severalCover() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError,
		Message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
	}}
}

func TestEvict(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	if err := r.Do(t.Context(), 1, check.Disruption{Evict: &check.Evict{Pods: 2}}); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Requested, recording.Steady)
	want(t, "first", r.actions[0].Doomed, "web-h7-1")
	want(t, "all", r.actions[2].Doomed, "web-h7-1", "web-h7-2")
	want(t, "writes", c.Writes(), "patch deployments/", "create pods/eviction", "create pods/eviction")
}

// What is refused for a while is asked for again, and told in two actions.
func TestEvictWaitsForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		r := c.begin("run-1")
		answers := []error{
			tight("The disruption budget web is still being processed by the server."),
			tight(needsThree), tight(needsThree), apierrors.NewTooManyRequests("busy", 1), tight(needsThree), nil,
		}
		c.Refusal = func(string) error {
			next := answers[0]
			answers = answers[1:]
			return next
		}
		began := time.Now()
		if err := r.Do(t.Context(), 0, anEviction); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 5*askAgain {
			t.Errorf("took %s", took)
		}
		want(t, "actions", r.kinds(), recording.Refused, recording.Refused, recording.Refused, recording.Requested, recording.Steady)
		want(t, "details", []string{r.actions[0].Detail, r.actions[1].Detail, r.actions[2].Detail},
			"eviction of pod web-h7-1: The disruption budget web is still being processed by the server",
			"eviction of pod web-h7-1: "+needsThree,
			"eviction of pod web-h7-1: refused 2 times more: "+needsThree)
	})
}

func TestEvictEndsUnproven(t *testing.T) {
	const remedy = "; it takes more Ready pods than the budget wants, or a budget that allows a disruption (kubectl get pdb -n shop)"
	tests := map[string]struct {
		when    check.WhenRefused
		answer  func(c *cluster) error
		budgets []string
		cause   error
		want    string
		asked   int
	}{
		"refused until its time is up": {
			check.Wait, func(*cluster) error { return tight(needsThree) }, nil, context.DeadlineExceeded,
			"evict of deployment/web did not come to its end (context deadline exceeded): the eviction of pod web-h7-1 was refused 4 times: " + needsThree + remedy, 4,
		},
		"refused where none may be": {
			check.Fail, func(*cluster) error { return tight(needsThree) }, nil, errRefused,
			"evict of deployment/web did not come to its end (an eviction was refused): the eviction of pod web-h7-1 was refused: " + needsThree + remedy, 1,
		},
		"several budgets": {
			check.Wait, func(*cluster) error { return severalCover() },
			[]string{"one", "two"},
			errRefused,
			"evict of deployment/web did not come to its end (an eviction was refused): the eviction of pod web-h7-1 was refused: " +
				"more than one PodDisruptionBudget covers it, and then the API refuses every eviction (one, two); it takes one budget for each pod (kubectl get pdb -n shop)", 1,
		},
		"gone before": {
			check.Wait, func(c *cluster) error {
				_ = c.Client.Tracker().Delete(fakecluster.Pods, namespace, "web-h7-1")
				return apierrors.NewNotFound(fakecluster.Pods.GroupResource(), "web-h7-1")
			}, nil, errForestalled,
			"evict of deployment/web did not come to its end (somebody else was quicker): pod web-h7-1 was gone before it could be asked to end", 1,
		},
		"a conflict about a pod that is there": {
			check.Wait, func(*cluster) error { return apierrors.NewConflict(fakecluster.Pods.GroupResource(), "web-h7-1", nil) }, nil, context.DeadlineExceeded,
			"evict of deployment/web did not come to its end (context deadline exceeded): the eviction of pod web-h7-1 was not granted", 4,
		},
		"busy": {
			check.Fail, func(*cluster) error { return apierrors.NewTooManyRequests("busy", 1) }, nil, context.DeadlineExceeded,
			"evict of deployment/web did not come to its end (context deadline exceeded): the eviction of pod web-h7-1 was not answered (busy)", 4,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				for _, name := range test.budgets {
					c.addBudget(name, "web", 0)
				}
				var asked int
				c.Refusal = func(string) error { asked++; return test.answer(c) }
				r := c.begin("run-1")
				ctx, cancel := context.WithTimeout(t.Context(), 3*askAgain+askAgain/2)
				defer cancel()
				err := r.Do(ctx, 0, check.Disruption{Evict: &check.Evict{WhenRefused: test.when}})
				if _, ok := errors.AsType[*NotSteadyError](err); !ok || !errors.Is(err, test.cause) {
					t.Errorf("got a %T", err)
				}
				if got := text(err); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
				if asked != test.asked {
					t.Errorf("asked %d times, want %d", asked, test.asked)
				}
				if got := r.kinds(); got[len(got)-1] != recording.NotSteady {
					t.Errorf("got %v", got)
				}
			})
		})
	}
}

func TestDelete(t *testing.T) {
	tests := map[string]struct {
		grace *check.Duration
		want  *int64
		words string
	}{
		"own grace":          {nil, nil, "2 pods deleted with their own grace period"},
		"forced":             {new(check.Duration(0)), new(int64(0)), "2 pods deleted by force (grace 0s)"},
		"less than a second": {new(check.Duration(time.Millisecond)), new(int64(1)), "2 pods deleted with a grace of 1s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			r := c.begin("run-1")
			if err := r.Do(t.Context(), 0, check.Disruption{Delete: &check.Delete{Pods: 2, GracePeriod: test.grace}}); err != nil {
				t.Fatal(err)
			}
			want(t, "actions", r.kinds(), recording.Requested, recording.Steady)
			want(t, "doomed", r.actions[0].Doomed, "web-h7-1", "web-h7-2")
			want(t, "detail", []string{r.actions[0].Detail}, test.words)
			for _, action := range c.Client.Actions() {
				if asked, ok := action.(clienttesting.DeleteAction); ok {
					if got := asked.GetDeleteOptions().GracePeriodSeconds; (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
						t.Errorf("asked for a grace of %v", got)
					}
				}
			}
		})
	}
}

// A pod of the same name that has come since is another one.
func TestDeleteSparesAPodOfTheSameName(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	c.must(r.Claim(t.Context()))
	c.OnWrite = func(clienttesting.Action) {
		pod := c.Pods()[0]
		pod.UID = "uid-new"
		c.must(c.Client.Tracker().Update(fakecluster.Pods, pod, namespace))
	}
	err := r.Do(t.Context(), 0, check.Disruption{Delete: &check.Delete{}})
	if !errors.Is(err, errForestalled) || !strings.HasSuffix(text(err), "pod web-h7-1 was gone before it could be asked to end") {
		t.Errorf("got %v", err)
	}
	want(t, "actions", r.kinds(), recording.NotSteady)
	if len(c.Pods()) != 3 {
		t.Errorf("got %d pods", len(c.Pods()))
	}
}

// Right after the request all may look as steady as before.
func TestDeleteWaitsUntilTheDoomedAreSeenToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.Obedient = false
		r := c.begin("run-1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := r.Do(ctx, 0, check.Disruption{Delete: &check.Delete{}})
		if !strings.HasSuffix(text(err), "not asked to end yet: web-h7-1") {
			t.Errorf("got %v", err)
		}
	})
}

func TestDeleteOfAWorkloadThatGoes(t *testing.T) {
	c := newCluster(t)
	c.Obedient = false
	r := c.begin("run-1")
	c.must(r.Claim(t.Context()))
	c.OnWrite = func(clienttesting.Action) {
		c.must(c.Client.Tracker().Delete(fakecluster.Deployments, namespace, "web"))
	}
	err := r.Do(t.Context(), 0, check.Disruption{Delete: &check.Delete{}})
	if _, ok := errors.AsType[*ChangedError](err); !ok {
		t.Errorf("got %v", err)
	}
}

func TestMoreThanThereAre(t *testing.T) {
	c := newCluster(t)
	w := c.open()
	for want, d := range map[string]check.Disruption{
		"disruptions[0].delete.pods: 4 pods, but deployment/web wants 3; want 1 to 3": {Delete: &check.Delete{Pods: 4}},
		"disruptions[0].evict.pods: 4 pods, but deployment/web wants 3; want 1 to 3":  {Evict: &check.Evict{Pods: 4}},
	} {
		if _, err := w.Plan(t.Context(), []check.Disruption{d}); text(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	c.must(c.Client.Tracker().Delete(fakecluster.Pods, namespace, "web-h7-1"))
	err := c.begin("run-1").Do(t.Context(), 0, check.Disruption{Delete: &check.Delete{Pods: 3}})
	if text(err) != "disruptions[0].delete.pods: 3 pods, but deployment/web has 2 now that nobody has asked to end" {
		t.Errorf("got %v", err)
	}
}

func TestChoose(t *testing.T) {
	pod := func(name, node string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{NodeName: node},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	all := []*corev1.Pod{
		pod("e", "n2", corev1.ConditionTrue), pod("d", "n1", corev1.ConditionTrue), pod("c", "n1", corev1.ConditionTrue),
		pod("b", "n1", corev1.ConditionTrue), pod("a", "n3", corev1.ConditionFalse),
	}
	for n, wanted := range map[int]string{1: "b", 2: "be", 3: "bec", 5: "becda"} {
		var got string
		for _, chosen := range pickPods(slices.Clone(all), n) {
			got += chosen.Name
		}
		if got != wanted {
			t.Errorf("%d: got %s, want %s", n, got, wanted)
		}
	}
}
