package chaos

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// image rolls another image or other variables out, and back again unless told
// otherwise.
type image struct {
	*check.Image
	// change is the part of it that the workload is not yet.
	change *imageChange
}

func (c *image) validate(ctx context.Context, w *Workload, s state) (field, problem string, err error) {
	if field, problem, err := (restart{}).validate(ctx, w, s); problem != "" || err != nil {
		return field, problem, err
	}
	container := containerOf(s.template.Spec, c.Container)
	if container == nil {
		return "container", noContainer(w, s, c.Container), nil
	}
	for i, v := range c.Env {
		if problem := unsettable(*container, v.Name); problem != "" {
			return fmt.Sprintf("env[%d].name", i), problem, nil
		}
	}
	c.change = c.changeOf(*container)
	if c.change.Image == nil && len(c.change.Env) == 0 {
		return "", fmt.Sprintf("container %s of %s has that image and those variables already, so nothing would end", container.Name, w), nil
	}
	return "", "", nil
}

// changeOf gives the part of what is wanted that the container is not yet.
func (c *image) changeOf(container corev1.Container) *imageChange {
	change := &imageChange{Container: container.Name}
	if c.Image.Image != "" && c.Image.Image != container.Image {
		change.Image = &valueChange{From: container.Image, To: c.Image.Image}
	}
	for _, v := range c.Env {
		if from := variable(container, v.Name); !equal(from, new(v.Value.Reveal())) {
			change.Env = append(change.Env, variableStep{Name: v.Name, From: from, To: v.Value.Reveal()})
		}
	}
	return change
}

func (c *image) describe(w *Workload, s *state) string {
	line := fmt.Sprintf("roll %s out with %s: ends %d of its %s, %s", w, c.change.words(w.shown), s.toUpdate(), podCount(s.replicas), s.pace())
	if restores(c.Restore) {
		return line + ", then back"
	}
	s.template = *s.template.DeepCopy()
	c.change.apply(containerOf(s.template.Spec, c.change.Container))
	return line + ", and it stays so"
}

// A StatefulSet's pods that could not start are deleted when it is put back.
func (*image) permissions(ref check.Workload) []Permission {
	if ref.Kind != check.StatefulSet {
		return nil
	}
	return []Permission{{Verb: "delete", Resource: "pods"}}
}

// do rolls out, waits for the rollout's end, and rolls back in the same way.
func (c *image) do(ctx context.Context, a *attempt, s state) error {
	err := a.rollOut(ctx, s, change{Image: c.change}, "template set to "+c.change.words(a.Workload.shown))
	if err != nil || !restores(c.Restore) {
		return err
	}
	if err := a.awaitSettled(ctx); err != nil {
		return err
	}
	a.doomed = append(a.doomed, slices.DeleteFunc(a.view.activePods(), s.belowPartition)...)
	if err := a.undo(ctx, recording.Disrupt); err != nil {
		return err
	}
	now, err := a.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	return a.replaced(ctx, now.meta.Generation)
}
