package chaos

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// scale sets the replicas, and back again unless told otherwise.
type scale struct{ *check.Scale }

func (c scale) unfit(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	switch {
	case w.api.scales == nil:
		return "", fmt.Sprintf("%s has no replicas to set; want restart", w), nil
	case c.To == s.replicas:
		return "to", fmt.Sprintf("%d replicas, but %s wants %d now, so nothing would end; want 0 to %d, or more than %d", c.To, w, s.replicas, s.replicas-1, s.replicas), nil
	case c.To > s.replicas && !restores(c.Restore):
		return "restore", fmt.Sprintf("false, but %s is scaled up from %d to %d, so nothing would end; want true, which ends the surplus", w, s.replicas, c.To), nil
	}
	return "", "", nil
}

func (c scale) describe(w *Workload, s *state) string {
	line := fmt.Sprintf("scale %s from %d to %d", w, s.replicas, c.To)
	switch {
	case c.To > s.replicas:
		return fmt.Sprintf("%s, then back to %d: ends %s", line, s.replicas, pods(c.To-s.replicas))
	case restores(c.Restore):
		return fmt.Sprintf("%s: ends %s, then back to %d", line, pods(s.replicas-c.To), s.replicas)
	}
	line = fmt.Sprintf("%s: ends %s", line, pods(s.replicas-c.To))
	s.replicas = c.To
	return line + ", and it stays so"
}

func (scale) permissions(ref check.Workload) []Permission {
	return []Permission{noting(ref), own(ref, "get", "scale"), own(ref, "update", "scale")}
}

// restores tells whether a change is put back at its end.
func restores(restore *bool) bool { return restore == nil || *restore }

// scaleChange is what the replicas were and became.
type scaleChange struct {
	From int32 `json:"from"`
	To   int32 `json:"to"`
}

func (*scaleChange) name() string { return "scale" }

func (c *scaleChange) overtaken(s state, before int64) bool {
	return s.revision() > before && s.replicas != c.To
}

func (c *scaleChange) putBack(ctx context.Context, w *Workload, _ change, during timer) (string, span, error) {
	s, err := w.read(ctx)
	if err != nil {
		return "", span{}, err
	}
	if s.replicas == c.From {
		return "", span{}, nil
	}
	when, err := w.setReplicas(ctx, during, c.To, c.From)
	if err != nil {
		return "", span{}, err
	}
	return fmt.Sprintf("replicas set back from %d to %d", c.To, c.From), when, nil
}

// do sets the replicas, and back.
func (c scale) do(ctx context.Context, a *attempt, s state) error {
	w, before := a.Workload, a.view.live()
	if err := a.begin(change{Revision: s.revision(), Scale: &scaleChange{From: s.replicas, To: c.To}}); err != nil {
		return err
	}
	if err := w.writeNote(ctx, a.Run, a.open); err != nil {
		return fmt.Errorf("scaling %s: %w", w, err)
	}
	when, err := w.setReplicas(ctx, a.during, s.replicas, c.To)
	if err != nil {
		return fmt.Errorf("scaling %s: %w", w, err)
	}
	requested := fmt.Sprintf("replicas set from %d to %d", s.replicas, c.To)
	if c.To > s.replicas {
		a.record(recording.Requested, when, requested)
		return c.upAndBack(ctx, a, s)
	}
	err = a.awaitVictims(ctx, s, c.To, before)
	a.record(recording.Requested, when, requested)
	if err != nil {
		return err
	}
	if err := a.awaitLeft(ctx); err != nil {
		return err
	}
	if restores(c.Restore) {
		if err := a.undo(ctx, recording.Disrupt); err != nil {
			return err
		}
	}
	return a.awaitSteady(ctx)
}

// upAndBack waits until the surplus is Ready and has settled, sets the replicas
// back, and waits until the pods that had to go for it are gone.
func (c scale) upAndBack(ctx context.Context, a *attempt, s state) error {
	if err := a.awaitSteady(ctx); err != nil {
		return err
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	before := a.view.live()
	if err := a.undo(ctx, recording.Disrupt); err != nil {
		return err
	}
	if err := a.awaitVictims(ctx, s, s.replicas, before); err != nil {
		return err
	}
	if err := a.awaitLeft(ctx); err != nil {
		return err
	}
	return a.awaitSteady(ctx)
}

// awaitLeft returns when all the doomed are gone.
func (a *attempt) awaitLeft(ctx context.Context) error {
	return a.view.wait(ctx, func() (string, error) { return sentence(a.view.remaining(a.doomed)), nil })
}

// awaitSteady returns when the workload, as it is wanted now, is steady.
func (a *attempt) awaitSteady(ctx context.Context) error {
	now, err := a.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	return a.view.wait(ctx, func() (string, error) {
		missing, err := a.view.unsteady(now.meta.Generation)
		return sentence(missing), err
	})
}

// awaitVictims finds out which of the pods were chosen to end: all of them, or
// when ctx ends those known by then. A StatefulSet ends its highest numbers;
// whom a Deployment ends is seen, not predicted (kubernetes
// pkg/controller/controller_utils.go, ActivePodsWithRanks).
func (a *attempt) awaitVictims(ctx context.Context, s state, to int32, before []*corev1.Pod) error {
	return a.view.wait(ctx, func() (string, error) {
		a.doomed = a.victims(s, to, before)
		if missing := len(before) - int(to) - len(a.doomed); missing > 0 {
			return pods(missing) + " more must be asked to end", nil
		}
		return "", nil
	})
}

func (a *attempt) victims(s state, to int32, before []*corev1.Pod) []*corev1.Pod {
	staying := map[string]bool{}
	for _, pod := range a.view.live() {
		staying[string(pod.UID)] = true
	}
	var victims []*corev1.Pod
	for _, pod := range before {
		n, numbered := ordinal(pod)
		highest := a.Workload.ref.Kind == check.StatefulSet && numbered && n >= s.start+to
		if highest || !staying[string(pod.UID)] {
			victims = append(victims, pod)
		}
	}
	return victims
}

// setReplicas changes the replicas through the scale subresource, but only
// from what they are expected to be; during takes the time around the change.
// The resource version that was read goes back with the change, so that the
// server refuses it as a conflict where somebody else was quicker.
func (w *Workload) setReplicas(ctx context.Context, during timer, from, to int32) (when span, err error) {
	err = onConflict(ctx, func() error {
		scale, err := w.api.scales.GetScale(ctx, w.ref.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading the scale of %s: %w", w, err)
		}
		if scale.UID != w.uid {
			return w.madeAnew()
		}
		if scale.Spec.Replicas != from {
			return &ChangedError{Object: w.String(), Problem: fmt.Sprintf(
				"wants %s, not the %d of this run: somebody else has changed it, and it is left so", pods(scale.Spec.Replicas), from)}
		}
		scale.Spec.Replicas = to
		when, err = during(func() error {
			_, err := w.api.scales.UpdateScale(ctx, w.ref.Name, scale, metav1.UpdateOptions{FieldManager: fieldManager})
			return err
		})
		if err != nil {
			return fmt.Errorf("setting the replicas of %s: %w", w, err)
		}
		return nil
	})
	return when, err
}
