package fleet

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// Removed is what is gone, pods too, whatever the API server's mood meanwhile.
func TestRemoveWaits(t *testing.T) {
	const byHand = "remove the senders by hand (kubectl delete job shutdowncheck-senders-abc234 -n demo): "
	for name, test := range map[string]struct {
		goes    time.Duration // 0 is never
		refuses error
		want    string
	}{
		"goes":      {3 * time.Second, nil, ""},
		"stays":     {0, nil, byHand + "1 of their pods are still there, shutdowncheck-senders-abc234-0-x on node node-0 first (context deadline exceeded)"},
		"forbidden": {time.Second, apierrors.NewForbidden(corev1.Resource("jobs"), name, nil), byHand + `jobs "shutdowncheck-senders-abc234" is forbidden: <nil> (gave up: context deadline exceeded)`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := newJob(runID, "tool:v1", placement{senders: 1})
				job.Namespace = namespace
				client := fake.NewClientset(pod(0, podLabels(runID)), job)
				asked := 0
				client.PrependReactor("delete", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
					if asked++; asked == 1 {
						return true, nil, apierrors.NewServiceUnavailable("restarting")
					}
					return test.refuses != nil, nil, test.refuses
				})
				gone := time.Now().Add(test.goes)
				client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
					return test.goes > 0 && !time.Now().Before(gone), &corev1.PodList{}, nil
				})
				f := &Fleet{cfg: Config{Act: client, Observe: client, Namespace: namespace, ID: runID}, job: jobName(runID), cancel: func() {}}
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				began := time.Now()
				text := ""
				if err := f.Remove(ctx); err != nil {
					text = err.Error()
				}
				if text != test.want {
					t.Errorf("got  %s\nwant %s", text, test.want)
				}
				if test.want == "" && time.Since(began) < test.goes {
					t.Errorf("it took the pods for gone after %s", time.Since(began))
				}
			})
		})
	}
}
