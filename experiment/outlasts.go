package experiment

import (
	"context"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
)

// kubeletBeyond is how much longer than its grace period a container may run: what the
// kubelet grants where a preStop hook has used that up (kubernetes pkg/kubelet/kuberuntime,
// minimumGracePeriodInSeconds).
const kubeletBeyond = 2 * time.Second

// outlastable refuses a budget that wants pods to go on answering after they have left their
// slices for longer than they are given: that cannot hold, whatever their program does. A pod
// leaves its slices as it is told to end, and is killed when its grace period is over.
func outlastable(ctx context.Context, w *chaos.Workload, c check.Check) error {
	need, path := c.Budget.Needed()
	if need == 0 {
		return nil
	}
	grace, err := w.LongestGrace(ctx)
	if err != nil {
		return err
	}
	given, known := granted(c.Disruptions, grace)
	if !known || need <= given+kubeletBeyond {
		return nil
	}
	field, wanted := "outlasts", need.String()
	if path.Name != "" {
		field, wanted = "path", fmt.Sprintf("%s needs %s", path.Name, need)
	}
	return &CheckError{&check.FieldError{Field: "budget." + field, Problem: fmt.Sprintf(
		"%s, and the pods have a grace period of %s, after which they are killed (%s later at the most): this can never hold; want less, or a longer terminationGracePeriodSeconds",
		wanted, given, kubeletBeyond)}}
}

// granted is the longest time that a disruption gives to pods whose own grace period is so
// long, and certainly no more; false where none is known to end a pod in good order. What
// others do, a user's command too, may give pods another one, and those that end afterwards.
func granted(disruptions []check.Disruption, grace time.Duration) (given time.Duration, known bool) {
	for _, d := range disruptions {
		switch {
		case d.Command != nil, d.Observe != nil:
			return given, known
		case d.Kill != nil:
		case d.Delete != nil && d.Delete.GracePeriod != nil:
			// A shorter one is the disruption's doing, for which no pod is blamed.
			if own := time.Duration(*d.Delete.GracePeriod); own >= grace {
				given, known = max(given, own), true
			}
		default:
			given, known = max(given, grace), true
		}
	}
	return given, known
}
