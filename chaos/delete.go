package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// remove deletes pods, all at once.
type remove struct{ *check.Delete }

func (c remove) count() int { return max(c.Pods, 1) }

func (c remove) validate(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	return "pods", tooMany(w, s, c.count()), nil
}

func (c remove) describe(w *Workload, s *state) string {
	return fmt.Sprintf("delete %d of the %s of %s at once, %s", c.count(), podCount(s.replicas), w, c.manner())
}

func (remove) permissions(check.Workload) []Permission {
	return []Permission{{Verb: "delete", Resource: "pods"}}
}

// seconds is the grace that the API is asked for, nil for the pods' own. It
// takes whole seconds; less than one must not become a forced delete.
func (c remove) seconds() *int64 {
	if c.GracePeriod == nil {
		return nil
	}
	whole := time.Duration(*c.GracePeriod) + time.Second - 1
	return new(int64(whole / time.Second))
}

func (c remove) manner() string {
	switch grace := c.seconds(); {
	case grace == nil:
		return "with their own grace period"
	case *grace == 0:
		return "by force (grace 0s)"
	default:
		return fmt.Sprintf("with a grace of %ds", *grace)
	}
}

// do asks for all deletions at the same time, each for the very pod that was
// chosen: one of the same name that came since is left alone.
func (c remove) do(ctx context.Context, a *attempt, s state) error {
	chosen, err := a.choosePods(c.count())
	if err != nil {
		return err
	}
	when, failures := a.atOnce(len(chosen), "the deletion", func(i int) error { return a.Workload.deletePod(ctx, chosen[i], c.seconds()) })
	var gone []string
	var failure error
	for i, pod := range chosen {
		switch err := failures[i]; {
		case err == nil:
			a.doomed = append(a.doomed, pod)
		case podIsGone(err):
			gone = append(gone, pod.Name)
		default:
			failure = errors.Join(failure, fmt.Errorf("delete pod %s: %w", pod.Name, err))
		}
	}
	if len(a.doomed) > 0 {
		a.record(recording.Requested, when, fmt.Sprintf("%s deleted %s", podCount(len(a.doomed)), c.manner()))
	}
	if failure != nil {
		return failure
	}
	if len(gone) > 0 {
		return &waitError{reason: goneBefore(gone), err: errForestalled}
	}
	return a.replaced(ctx, s.meta.Generation)
}

func (w *Workload) deletePod(ctx context.Context, pod *corev1.Pod, grace *int64) error {
	return w.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace,
		Preconditions:      metav1.NewUIDPreconditions(string(pod.UID)),
	})
}

// errForestalled is a pod that somebody else ended first, so that the
// disruption is not the one that was asked for.
var errForestalled = errors.New("somebody else was quicker")
