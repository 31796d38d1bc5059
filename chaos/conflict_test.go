package chaos

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// storm lets each write to any object meet so many conflicts before it goes through.
func (c *cluster) storm(conflicts int) {
	left := conflicts
	c.Client.PrependReactor("patch", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if left == 0 {
			left = conflicts
			return false, nil, nil
		}
		left--
		return true, nil, apierrors.NewConflict(action.GetResource().GroupResource(), "web", nil)
	})
}

// Somebody else writes so fast that each write meets fifty conflicts. All that has to be
// undone is undone within the minute that there is for it.
func TestConflictStorm(t *testing.T) {
	for name, disruption := range everyChange {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.OnNodes("n1", "n2")
				c.storm(50)
				r := c.begin("run-1")
				var err error
				if name == "drain" {
					err = c.stuck(r)
				} else {
					err = c.interrupt(r, disruption)
				}
				if err == nil {
					t.Fatal("it came to its end")
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				c.must(r.Release(ctx))
				c.isUndone("n1")
				if d := c.Deployment(); !fakecluster.SameTemplate(d, fakecluster.NewDeployment()) || *d.Spec.Replicas != 3 {
					t.Errorf("left with %d replicas, %+v", *d.Spec.Replicas, d.Spec.Template)
				}
			})
		})
	}
}
