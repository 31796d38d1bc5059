package experiment

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// A workload is waited for that is not healthy, and a server that is out of order; what
// will not change with time is told when it is known.
func TestAwaitHealthy(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no such right"))
	busy := apierrors.NewServiceUnavailable("starting")
	ready := func(n int32) func(*appsv1.Deployment) {
		return func(d *appsv1.Deployment) { d.Status.ReadyReplicas = n }
	}
	for name, tt := range map[string]struct {
		// ready pods there are until after so long there are all three; never with 0.
		ready int32
		after time.Duration
		// broken is what lists of pods are answered with for so long.
		broken  error
		mended  time.Duration
		want    string
		between [2]time.Duration
	}{
		"healthy":          {3, 0, nil, 0, "", [2]time.Duration{0, 0}},
		"healthy later":    {1, 20 * time.Second, nil, 0, "", [2]time.Duration{20 * time.Second, 21 * time.Second}},
		"never healthy":    {1, 0, nil, 0, "deployment/web is not healthy: 1 of 3 pods Ready", [2]time.Duration{time.Minute, time.Minute}},
		"no right":         {3, 0, forbidden, time.Hour, forbidden.Error(), [2]time.Duration{0, 20 * time.Second}},
		"out of order":     {3, 0, busy, 15 * time.Second, "", [2]time.Duration{15 * time.Second, 21 * time.Second}},
		"for all the time": {3, 0, busy, time.Hour, busy.Error(), [2]time.Duration{time.Minute, time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakecluster.New(t)
				c.Set(ready(tt.ready))
				began := time.Now()
				c.Client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
					return time.Since(began) < tt.mended, nil, tt.broken
				})
				if tt.after > 0 {
					time.AfterFunc(tt.after, func() { c.Set(ready(3)) })
				}
				err := AwaitHealthy(t.Context(), Config{
					Act: c.Client, Namespace: fakecluster.Namespace, Now: time.Now,
					Check: check.Check{Workload: web, Timing: check.Timing{Timeout: check.Duration(time.Minute)}},
				})
				if took := time.Since(began); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || took < tt.between[0] || took > tt.between[1] {
					t.Errorf("after %s: %v", took, err)
				}
				_, unhealthy := errors.AsType[*chaos.UnhealthyError](err)
				if (tt.want != "" && tt.broken == nil) != unhealthy {
					t.Errorf("unhealthy is %t: %v", unhealthy, err)
				}
			})
		})
	}
}
