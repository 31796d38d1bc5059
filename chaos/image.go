package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// image rolls another image or other variables out, and back again unless told
// otherwise.
type image struct{ *check.Image }

// imageChange is what one container of the template was and became. Image is
// nil where it stays.
type imageChange struct {
	Container string         `json:"container"`
	Image     *valueChange   `json:"image,omitempty"`
	Env       []variableStep `json:"env,omitempty"`
}

type valueChange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// variableStep is what an environment variable was and became.
type variableStep struct {
	Name string `json:"name"`
	// From is nil where there was none.
	From *string `json:"from"`
	To   string  `json:"to"`
}

func (c image) validate(ctx context.Context, w *Workload, s state) (field, problem string, err error) {
	if field, problem, err := (restart{}).validate(ctx, w, s); problem != "" || err != nil {
		return field, problem, err
	}
	container, field, problem := containerOf(w, s, c.Container)
	if problem != "" {
		return field, problem, nil
	}
	for i, v := range c.Env {
		if problem := unsettable(*container, v.Name); problem != "" {
			return fmt.Sprintf("env[%d].name", i), problem, nil
		}
	}
	if change := c.changeOf(*container); change.Image == nil && len(change.Env) == 0 {
		return "", fmt.Sprintf("container %s of %s has that image and those variables already, so nothing would end", container.Name, w), nil
	}
	return "", "", nil
}

// unsettable says why a variable cannot be set to a plain value and back.
func unsettable(container corev1.Container, name string) string {
	var same []corev1.EnvVar
	for _, v := range container.Env {
		if v.Name == name {
			same = append(same, v)
		}
	}
	switch {
	case len(same) > 1:
		return fmt.Sprintf("container %s has %d variables %s, so which one to put back is not clear", container.Name, len(same), name)
	case len(same) == 1 && same[0].ValueFrom != nil:
		return fmt.Sprintf("variable %s of container %s has its value from elsewhere (valueFrom); want one with a plain value, or a new one", name, container.Name)
	}
	return ""
}

// containerOf finds a container of the template; an empty name means the first.
func containerOf(w *Workload, s state, name string) (container *corev1.Container, field, problem string) {
	containers := s.template.Spec.Containers
	var names []string
	for i := range containers {
		if containers[i].Name == name || name == "" {
			return &containers[i], "", ""
		}
		names = append(names, containers[i].Name)
	}
	return nil, "container", fmt.Sprintf("%s has no container %q; want %s", w, name, strings.Join(names, " or "))
}

// changeOf gives the part of what is wanted that the container is not yet.
func (c image) changeOf(container corev1.Container) *imageChange {
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

// variable gives the plain value of a container's variable, nil where there is
// none.
func variable(container corev1.Container, name string) *string {
	for _, v := range container.Env {
		if v.Name == name && v.ValueFrom == nil {
			return &v.Value
		}
	}
	return nil
}

func (c image) describe(w *Workload, s *state) string {
	container, _, problem := containerOf(w, *s, c.Container)
	if problem != "" {
		return problem
	}
	change := c.changeOf(*container)
	line := fmt.Sprintf("roll %s out with %s: ends %d of its %s, %s", w, change.words(w.shown), s.toUpdate(), podCount(s.replicas), s.pace())
	if restores(c.Restore) {
		return line + ", then back"
	}
	s.template = *s.template.DeepCopy()
	if container, _, _ := containerOf(w, *s, c.Container); container != nil {
		change.apply(container)
	}
	return line + ", and it stays so"
}

// words says what it becomes, with its values as shown tells them.
func (c *imageChange) words(shown func(string) string) string {
	var parts []string
	if c.Image != nil {
		parts = append(parts, "image "+c.Image.To)
	}
	for _, v := range c.Env {
		parts = append(parts, v.Name+"="+shown(v.To))
	}
	return strings.Join(parts, " and ") + " in container " + c.Container
}

// apply makes the change to a copy of the container.
func (c *imageChange) apply(container *corev1.Container) {
	if c.Image != nil {
		container.Image = c.Image.To
	}
	for _, v := range c.Env {
		container.Env = slices.DeleteFunc(container.Env, func(old corev1.EnvVar) bool { return old.Name == v.Name })
		container.Env = append(container.Env, corev1.EnvVar{Name: v.Name, Value: v.To})
	}
}

// A StatefulSet's pods that could not start are deleted when it is put back.
func (image) permissions(ref check.Workload) []Permission {
	if ref.Kind != check.StatefulSet {
		return nil
	}
	return []Permission{{Verb: "delete", Resource: "pods"}}
}

// do rolls out, waits for the rollout's end, and rolls back in the same way.
func (c image) do(ctx context.Context, a *attempt, s state) error {
	container, _, problem := containerOf(a.Workload, s, c.Container)
	if problem != "" {
		return fmt.Errorf("rolling out: %s", problem)
	}
	made := c.changeOf(*container)
	a.doomed = slices.DeleteFunc(a.view.activePods(), s.belowPartition)
	after, when, err := a.begin(ctx, change{Revision: s.revision(), Image: made})
	if err != nil {
		return fmt.Errorf("rolling out %s: %w", a.Workload, err)
	}
	a.record(recording.Requested, when, "template set to "+made.words(a.Workload.shown))
	if err := a.replaced(ctx, after.meta.Generation); err != nil || !restores(c.Restore) {
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

// isFrom and isTo tell whether the pods' spec has all the values from before
// the change, or all of those after it.
func (c *imageChange) isFrom(spec corev1.PodSpec) bool {
	return c.holds(spec, func(v variableStep) *string { return v.From }, func(v *valueChange) string { return v.From })
}

func (c *imageChange) isTo(spec corev1.PodSpec) bool {
	return c.holds(spec, func(v variableStep) *string { return &v.To }, func(v *valueChange) string { return v.To })
}

func (c *imageChange) holds(spec corev1.PodSpec, env func(variableStep) *string, image func(*valueChange) string) bool {
	i := slices.IndexFunc(spec.Containers, func(container corev1.Container) bool { return container.Name == c.Container })
	if i < 0 {
		return false
	}
	container := spec.Containers[i]
	if c.Image != nil && container.Image != image(c.Image) {
		return false
	}
	for _, v := range c.Env {
		if unsettable(container, v.Name) != "" || !equal(variable(container, v.Name), env(v)) {
			return false
		}
	}
	return true
}

// patch gives the container's part of a strategic merge patch: to the new
// values, or back.
func (c *imageChange) patch(forth bool) map[string]any {
	container := map[string]any{"name": c.Container}
	if c.Image != nil {
		container["image"] = c.Image.From
		if forth {
			container["image"] = c.Image.To
		}
	}
	var env []any
	for _, v := range c.Env {
		switch {
		case forth:
			env = append(env, map[string]any{"name": v.Name, "value": v.To})
		case v.From == nil:
			env = append(env, map[string]any{"name": v.Name, "$patch": "delete"})
		default:
			env = append(env, map[string]any{"name": v.Name, "value": *v.From})
		}
	}
	if env != nil {
		container["env"] = env
	}
	return container
}

func (*imageChange) name() string { return "image" }

func (*imageChange) overtaken(s state, before int64) bool { return s.revision() > before+1 }

func (*imageChange) revision(before int64) int64 { return before + 1 }

func (c *imageChange) left() string {
	return "container " + c.Container + " has this run's image or variables"
}

func (c *imageChange) made(w *Workload, s state) (edit, error) {
	if !c.isFrom(s.template.Spec) {
		return edit{}, &ChangedError{Object: w.String(), Problem: "was given another image or other variables by somebody else at the same moment"}
	}
	return edit{containers: []any{c.patch(true)}}, nil
}

// undone puts the former values back, all of them or none: a template that holds
// only some of this run's is somebody else's.
func (c *imageChange) undone(w *Workload, s state) (edit, string, error) {
	switch {
	case c.isFrom(s.template.Spec):
		return edit{}, "", nil
	case !c.isTo(s.template.Spec):
		return edit{}, "", &ChangedError{Object: w.String(), Problem: "was given another image or other variables by somebody else since, and it is left so"}
	}
	return edit{containers: []any{c.patch(false)}}, c.back(w.quoted), nil
}

// clear deletes the pods of a StatefulSet that do not get Ready with the change.
// Its controller waits for such a pod for ever, even where the template is good
// again (kubernetes.io, StatefulSets, "Forced rollback").
func (c *imageChange) clear(ctx context.Context, w *Workload) error {
	if w.ref.Kind != check.StatefulSet {
		return nil
	}
	all, err := w.listPods(ctx)
	if err != nil {
		return err
	}
	for _, pod := range all {
		if !isActive(pod) || whyNotReady(pod) == "" || !c.isTo(pod.Spec) {
			continue
		}
		err := w.client.CoreV1().Pods(w.namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting pod %s, which does not get Ready and holds the StatefulSet up: %w", pod.Name, err)
		}
	}
	return nil
}

// back says what was put back. The old values are the cluster's own, so that they
// are no less secret than the new ones.
func (c *imageChange) back(shown func(string) string) string {
	var parts []string
	if c.Image != nil {
		parts = append(parts, fmt.Sprintf("image set back from %s to %s", c.Image.To, c.Image.From))
	}
	for _, v := range c.Env {
		if v.From == nil {
			parts = append(parts, "variable "+v.Name+" removed again")
		} else {
			parts = append(parts, fmt.Sprintf("variable %s set back from %s to %s", v.Name, shown(v.To), shown(*v.From)))
		}
	}
	return "container " + c.Container + ": " + strings.Join(parts, ", ")
}
