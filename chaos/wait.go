package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// wait returns when pending finds nothing more to wait for, fails, or ctx
// ends: then the error is a waitError with the last reason.
func (v *view) wait(ctx context.Context, pending func() (reason string, err error)) error {
	for {
		v.mu.Lock()
		refused, lost, panicked := v.refused, v.lost, v.panicked
		v.mu.Unlock()
		if panicked != nil {
			return panicked
		}
		if refused != nil {
			return fmt.Errorf("watch %s: %w", v.workload, refused)
		}
		reason, err := pending()
		if err != nil || reason == "" {
			return err
		}
		select {
		case <-v.news:
		case <-ctx.Done():
			if lost != nil {
				reason += fmt.Sprintf("; a watch was lost (%v)", lost)
			}
			return &waitError{reason: reason, err: context.Cause(ctx)}
		}
	}
}

// waitError is a wait that its context ended.
type waitError struct {
	reason string
	err    error
}

func (e *waitError) Error() string { return fmt.Sprintf("%s (%v)", e.reason, e.err) }

func (e *waitError) Unwrap() error { return e.err }

// replaced waits until all doomed pods have left and the workload, in the given
// generation or a later one, has all the pods it wants. Right after the request
// its controller's counts are still those from before: what tells is that the
// doomed pods, by their UIDs, are no longer among the live ones.
func (a *attempt) replaced(ctx context.Context, generation int64) error {
	return a.view.wait(ctx, func() (string, error) {
		missing, err := a.view.unsteady(generation)
		return joinReasons(append(missing, a.view.remaining(a.doomed)...)), err
	})
}

// awaitLeft returns when all the doomed are gone. It fails as awaitVictims does.
func (a *attempt) awaitLeft(ctx context.Context, to int32, generation int64, before []*corev1.Pod) error {
	return a.view.wait(ctx, func() (string, error) {
		reasons := a.view.remaining(a.doomed)
		if len(reasons) == 0 {
			return "", nil
		}
		return joinReasons(reasons), a.takenBack(ctx, to, generation, before)
	})
}

// awaitSteady returns when the workload, as it is wanted now, is steady.
func (a *attempt) awaitSteady(ctx context.Context) error {
	now, err := a.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	return a.view.wait(ctx, func() (string, error) {
		missing, err := a.view.unsteady(now.meta.Generation)
		return joinReasons(missing), err
	})
}

// awaitSettled lets the load get used to new pods.
func (a *attempt) awaitSettled(ctx context.Context) error {
	if a.Settle == nil {
		return nil
	}
	err := a.Settle(ctx)
	if ctx.Err() != nil {
		return &waitError{reason: "it was to settle before it is put back", err: context.Cause(ctx)}
	}
	return err
}

// awaitGoneFrom waits until none of the pods is on the node any more. They are others',
// which no watch shows.
func (w *Workload) awaitGoneFrom(ctx context.Context, node string, evicted []*corev1.Pod) error {
	for len(evicted) > 0 {
		there, err := w.podsWhere(ctx, metav1.NamespaceAll, onNodeField, node)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("list the pods on node %s: %w", node, err)
		}
		if err == nil {
			evicted = slices.DeleteFunc(slices.Clone(evicted), func(pod *corev1.Pod) bool {
				return !slices.ContainsFunc(there, func(now corev1.Pod) bool { return now.UID == pod.UID })
			})
		}
		if len(evicted) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			var still []string
			for _, pod := range evicted {
				still = append(still, pod.Namespace+"/"+pod.Name)
			}
			return &waitError{reason: fmt.Sprintf("still on node %s: %s", node, joinReasons(still)), err: context.Cause(ctx)}
		case <-time.After(askAgain):
		}
	}
	return nil
}
