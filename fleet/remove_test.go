package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
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
				f := &Fleet{cfg: Config{Act: client, Observe: client, Namespace: namespace, ID: runID}, job: JobName(runID), cancel: func() {}}
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

// What a quota or an admission refuses is told at once, and what else forbids the Job may
// pass.
func TestRefusedJob(t *testing.T) {
	const object = "the senders do not run: job/" + name + ": it was refused: "
	for what, test := range map[string]struct {
		err   error
		want  string
		after time.Duration
	}{
		"quota": {
			apierrors.NewForbidden(batchv1.Resource("jobs"), name, errors.New("exceeded quota: few, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0")),
			object + `jobs.batch "` + name + `" is forbidden: exceeded quota: few, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0; raise the namespace's quota`, 0,
		},
		"webhook": {
			apierrors.NewBadRequest(`admission webhook "x" denied the request: no`),
			object + `admission webhook "x" denied the request: no`, 0,
		},
		"a server that warms up": {
			apierrors.NewForbidden(batchv1.Resource("jobs"), name, errors.New("not yet ready")),
			"make the senders' job " + name + `: jobs.batch "` + name + `" is forbidden: not yet ready (gave up`, answerTimeout,
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset()
				client.PrependReactor("create", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, test.err })
				began := time.Now()
				_, err := Launch(t.Context(), Config{Act: client, Observe: client, Namespace: namespace, ID: runID, Senders: 1, Now: time.Now})
				if err == nil || !strings.HasPrefix(err.Error(), test.want) {
					t.Errorf("got  %v\nwant %s", err, test.want)
				}
				if after := time.Since(began); after != test.after {
					t.Errorf("it was told after %s, want %s", after, test.after)
				}
			})
		})
	}
}
