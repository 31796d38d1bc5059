package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/shutdowncheck/shutdowncheck/check"
)

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

func (c *imageChange) isFrom(pods corev1.PodTemplateSpec) bool {
	return c.holds(pods.Spec, func(v variableStep) *string { return v.From }, func(v *valueChange) string { return v.From })
}

func (c *imageChange) isTo(pods corev1.PodTemplateSpec) bool {
	return c.holds(pods.Spec, func(v variableStep) *string { return &v.To }, func(v *valueChange) string { return v.To })
}

func (c *imageChange) holds(spec corev1.PodSpec, env func(variableStep) *string, image func(*valueChange) string) bool {
	container := containerOf(spec, c.Container)
	if container == nil {
		return false
	}
	if c.Image != nil && container.Image != image(c.Image) {
		return false
	}
	for _, v := range c.Env {
		if unsettable(*container, v.Name) != "" || !equal(variable(*container, v.Name), env(v)) {
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

func (*imageChange) name() check.DisruptionKind { return check.KindImage }

func (c *imageChange) left() string {
	return "container " + c.Container + " has this run's image or variables"
}

func (*imageChange) byOthers() string { return "was given another image or other variables" }

func (c *imageChange) forth() edit { return edit{containers: []any{c.patch(true)}} }

func (c *imageChange) back(w *Workload) (edit, string) {
	return edit{containers: []any{c.patch(false)}}, c.backWords(w.quoted)
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
		if !isActive(pod) || whyNotReady(pod) == "" || !c.isTo(corev1.PodTemplateSpec{Spec: pod.Spec}) {
			continue
		}
		err := w.deletePod(ctx, pod, nil)
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete pod %s, which does not get Ready and holds the StatefulSet up: %w", pod.Name, err)
		}
	}
	return nil
}

// backWords says what was put back. The old values are the cluster's own, so that they
// are no less secret than the new ones.
func (c *imageChange) backWords(shown func(string) string) string {
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
