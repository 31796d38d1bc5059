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
	case c.To >= s.replicas:
		return "to", fmt.Sprintf("%d replicas, but %s wants %d now, so nothing would end; want 0 to %d", c.To, w, s.replicas, s.replicas-1), nil
	}
	return "", "", nil
}

func (c scale) describe(w *Workload, s *state) string {
	line := fmt.Sprintf("scale %s from %d to %d: ends %s", w, s.replicas, c.To, pods(s.replicas-c.To))
	if c.restores() {
		return fmt.Sprintf("%s, then back to %d", line, s.replicas)
	}
	s.replicas = c.To
	return line + ", and it stays so"
}

func (scale) permissions(ref check.Workload) []Permission {
	return []Permission{own(ref, "get", "scale"), own(ref, "update", "scale")}
}

// restores tells whether the scale is put back at its end.
func (c scale) restores() bool { return c.Restore == nil || *c.Restore }

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

// do waits until the pods that had to go are gone, sets the replicas back, and
// waits until all is Ready.
func (c scale) do(ctx context.Context, a *attempt, s state) error {
	w, scale := a.Workload, c.Scale
	before := a.view.live()
	if err := a.begin(change{Revision: s.revision(), Scale: &scaleChange{From: s.replicas, To: scale.To}}); err != nil {
		return err
	}
	if err := w.writeNote(ctx, a.Run, a.open); err != nil {
		return fmt.Errorf("scaling %s: %w", w, err)
	}
	when, err := w.setReplicas(ctx, a.during, s.replicas, scale.To)
	if err != nil {
		return fmt.Errorf("scaling %s: %w", w, err)
	}
	if err := a.awaitVictims(ctx, s, scale, before, when); err != nil {
		return err
	}
	err = a.view.wait(ctx, func() (string, error) { return sentence(a.view.remaining(a.doomed)), nil })
	if err != nil {
		return err
	}
	if c.restores() {
		if err := a.undo(ctx, recording.Disrupt); err != nil {
			return err
		}
	}
	now, err := w.read(ctx)
	if err != nil {
		return err
	}
	return a.view.wait(ctx, func() (string, error) {
		missing, err := a.view.unsteady(now.meta.Generation)
		return sentence(missing), err
	})
}

// awaitVictims finds out which pods were chosen to end, and records the
// request with them: with all of them, or when ctx ends with those known by
// then. A StatefulSet ends its highest numbers; whom a Deployment ends is seen,
// not predicted (kubernetes pkg/controller/controller_utils.go,
// ActivePodsWithRanks).
func (a *attempt) awaitVictims(ctx context.Context, s state, scale *check.Scale, before []*corev1.Pod, when span) error {
	err := a.view.wait(ctx, func() (string, error) {
		a.doomed = a.victims(s, scale, before)
		if missing := len(before) - int(scale.To) - len(a.doomed); missing > 0 {
			return pods(missing) + " more must be asked to end", nil
		}
		return "", nil
	})
	a.record(recording.Requested, when, fmt.Sprintf("replicas set from %d to %d", s.replicas, scale.To))
	return err
}

func (a *attempt) victims(s state, scale *check.Scale, before []*corev1.Pod) []*corev1.Pod {
	staying := map[string]bool{}
	for _, pod := range a.view.live() {
		staying[string(pod.UID)] = true
	}
	var victims []*corev1.Pod
	for _, pod := range before {
		n, numbered := ordinal(pod)
		highest := a.Workload.ref.Kind == check.StatefulSet && numbered && n >= s.start+scale.To
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
