package experiment

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kuberuntime "k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Whatever a run is at when it is asked to end, the workload and its annotations are as
// before, and the recording is whole and says that the run was interrupted.
func TestInterruptedInEachPhase(t *testing.T) {
	const scaledDown = "the workload is scaled down"
	for _, moment := range []string{
		"claiming deployment/web",
		"in the phase baseline",
		"doing the scale of deployment/web",
		scaledDown,
		"putting deployment/web back",
		"in the phase settle",
		"waiting for the requests in flight",
		"waiting for the last news of the cluster",
		"putting deployment/web back and giving it free",
		"saving the recording",
	} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			before := c.healthy(t)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			met, refused := false, moment == "claiming deployment/web"
			c.client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, kuberuntime.Object, error) {
				if met && !refused {
					// Whoever goes by the interrupted context gives up here.
					refused = true
					return true, nil, apierrors.NewConflict(action.GetResource().GroupResource(), "web", nil)
				}
				if moment == scaledDown && strings.Contains(string(action.(clienttesting.PatchAction).GetPatch()), `"replicas":1`) {
					met = true
					interrupt()
				}
				return false, nil, nil
			})
			dir := filepath.Join(t.TempDir(), "run")
			err := Run(ctx, Config{
				Observe: c.client, Act: c.client, Namespace: "shop", ID: "run-1", Dir: dir, Now: NewClock(), Progress: func(Progress) {},
				Doing: func(d Doing) {
					if d.What == moment {
						met = true
						interrupt()
					}
				},
				Check: check.Check{
					Workload:    web,
					Target:      check.Target{URL: c.service.URL},
					Streams:     []check.Stream{{Name: "default", Rate: 100, Connections: check.Reused, Pool: 2}},
					Disruptions: []check.Disruption{{Scale: &check.Scale{To: 1}}},
					Timing: check.Timing{
						// Nobody carries the scaling out: it is put back when its time is over.
						Baseline: check.Duration(200 * time.Millisecond), Settle: check.Duration(100 * time.Millisecond), Timeout: check.Duration(500 * time.Millisecond),
					},
				}.WithDefaults(),
			})
			if !met {
				t.Fatalf("that moment did not come; the run ended with %v", err)
			}
			if err != nil && !errors.Is(err, ErrInterrupted) {
				t.Errorf("the run ended with %v", err)
			}
			after := c.deployment(t)
			if !reflect.DeepEqual(after.Spec, before.Spec) || !reflect.DeepEqual(after.Annotations, before.Annotations) {
				t.Errorf("left with %d replicas and annotations %v", *after.Spec.Replicas, after.Annotations)
			}
			r, err := recording.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Losses) > 0 || r.Ending == nil || !r.Ending.Interrupted {
				t.Errorf("the recording ends with %+v, and lost %v", r.Ending, r.Losses)
			}
		})
	}
}

// healthy makes the workload fit for a run, and the rules such that all is allowed.
func (c *cluster) healthy(t *testing.T) *appsv1.Deployment {
	t.Helper()
	c.client.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, kuberuntime.Object, error) {
		return true, &authorizationv1.SelfSubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}}, nil
	})
	d := c.deployment(t)
	d.Status = appsv1.DeploymentStatus{Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3}
	d, err := c.client.AppsV1().Deployments("shop").UpdateStatus(t.Context(), d, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := c.client.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods.Items {
		pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
		if _, err := c.client.CoreV1().Pods("shop").UpdateStatus(t.Context(), &pod, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (c *cluster) deployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	d, err := c.client.AppsV1().Deployments("shop").Get(context.WithoutCancel(t.Context()), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
