package fleet

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

// LeftError is that senders may be left in the cluster, and how to remove them.
type LeftError struct{ Err error }

func (e *LeftError) Error() string { return e.Err.Error() }

// Unwrap gives what went wrong.
func (e *LeftError) Unwrap() error { return e.Err }

// Remove takes the senders out of the cluster, and waits until their pods are gone. Those
// that were not stopped are, as one that still has something to collect outlives SIGTERM
// for some time. A server that is out of order is asked again until ctx ends. The error is
// a LeftError.
func (f *Fleet) Remove(ctx context.Context) error {
	f.cut(ctx)
	f.release()
	err := retry.Insist(ctx, func() error {
		return f.cfg.Act.BatchV1().Jobs(f.cfg.Namespace).Delete(ctx, f.job, metav1.DeleteOptions{
			PropagationPolicy: new(metav1.DeletePropagationBackground),
		})
	})
	if err == nil || apierrors.IsNotFound(err) {
		err = f.gone(ctx)
	}
	if err != nil {
		return &LeftError{fmt.Errorf("remove the senders by hand (%s): %s",
			shell.Line("kubectl delete job %s -n %s", f.job, f.cfg.Namespace), strings.ReplaceAll(err.Error(), "\n", "; "))}
	}
	return nil
}

// gone waits until no pod of the Job is there.
func (f *Fleet) gone(ctx context.Context) error {
	began := time.Now()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		pods, err := f.pods(ctx)
		switch {
		case err == nil && len(pods) == 0:
			return nil
		case err != nil && ctx.Err() == nil && !retry.Passing(err, time.Since(began)):
			return fmt.Errorf("look whether the senders' pods are gone: %w", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if len(pods) > 0 {
				return fmt.Errorf("%d of their pods are still there, %s on node %s first (%w)",
					len(pods), pods[0].Name, pods[0].Spec.NodeName, context.Cause(ctx))
			}
			return fmt.Errorf("look whether the senders' pods are gone: %w", context.Cause(ctx))
		}
	}
}
