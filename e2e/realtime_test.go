//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/realtime"
)

// runFirst has a check go before all else on the machine, as docs/limits.md advises where
// runs share it with a cluster: a run that is late says nothing of the tool. It is not for a
// check that sends as much as it can, as nothing would be left for the cluster.
func (c *call) runFirst(t *testing.T) {
	t.Helper()
	if err := realtime.Process(c.cmd.Process.Pid); err != nil {
		t.Logf("the check runs without real-time priority: %v", err)
	}
}

// runFirst does so with the pods that send, as they come, until the test is over.
func (v *victim) runFirst(t *testing.T, selector string) {
	t.Helper()
	over, had := make(chan struct{}), map[string]bool{}
	t.Cleanup(func() { <-over })
	go func() {
		defer close(over)
		look := time.NewTicker(200 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-t.Context().Done():
				return
			case <-look.C:
				v.letRunFirst(t.Context(), t, selector, had)
			}
		}
	}()
}

// letRunFirst gives the priority to containers that run now; had are those that have it.
func (v *victim) letRunFirst(ctx context.Context, t *testing.T, selector string, had map[string]bool) {
	pods, err := client.CoreV1().Pods(v.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return // the next look will tell
	}
	for i := range pods.Items {
		for _, c := range pods.Items[i].Status.ContainerStatuses {
			if c.State.Running == nil || had[c.ContainerID] {
				continue
			}
			_, id, _ := strings.Cut(c.ContainerID, "://")
			if err := realtime.Container(id); err != nil {
				t.Logf("%s sends without real-time priority: %v", pods.Items[i].Name, err)
			}
			had[c.ContainerID] = true
		}
	}
}
