package chaos

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// A panic in any goroutine of a disruption ends the disruption, and the workload
// can be put back.
func TestPanicEndsTheDisruption(t *testing.T) {
	broken := func(clienttesting.Action) (bool, runtime.Object, error) { panic("out of order") }
	for name, tt := range map[string]struct {
		disruption check.Disruption
		prepare    func(c *cluster, r *run)
		doing      string
	}{
		"asking a pod to end": {
			check.Disruption{Delete: &check.Delete{Pods: 2}},
			func(c *cluster, _ *run) { c.Client.PrependReactor("delete", "pods", broken) },
			"the deletion",
		},
		"sending a signal": {
			check.Disruption{Kill: &check.Kill{Pods: 2}},
			func(_ *cluster, r *run) { r.Exec = brokenExecutor{} },
			"the sending",
		},
		"listing": {
			check.Disruption{Delete: &check.Delete{Pods: 1}},
			func(c *cluster, _ *run) { c.Client.PrependReactor("list", "*", broken) },
			"listing",
		},
		"beginning a watch": {
			check.Disruption{Delete: &check.Delete{Pods: 1}},
			func(c *cluster, _ *run) {
				c.Client.PrependWatchReactor("*", func(clienttesting.Action) (bool, watch.Interface, error) { panic("out of order") })
			},
			"beginning a watch",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				r := c.begin("run-1")
				tt.prepare(c, r)
				ctx, cancel := contextEnding(t, time.Minute)
				defer cancel()
				err := r.Do(ctx, 0, tt.disruption)
				panicked, ok := errors.AsType[*guard.PanicError](err)
				if !ok || panicked.Doing != tt.doing || !strings.Contains(panicked.Stack, "chaos.") {
					t.Errorf("got %v", err)
				}
				if err := r.Restore(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

type brokenExecutor struct{}

func (brokenExecutor) Exec(context.Context, string, string, string, []string) (string, error) {
	panic("out of order")
}
