package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Tunable gives the settings of the container of the template that serves what the check
// asks for, or of the named one. The error is a PlanError where the workload is none whose
// settings could be tried: no service leads to its pods, a rollout leaves nobody to answer,
// or it is not known which container serves.
func (w *Workload) Tunable(ctx context.Context, c check.Check, container string) (Settings, error) {
	s, err := w.read(ctx)
	if err != nil {
		return Settings{}, err
	}
	all, own, err := w.services(ctx, s)
	if err != nil {
		return Settings{}, err
	}
	d, err := w.destination(c, all, own)
	if err != nil {
		return Settings{}, err
	}
	if problem := w.untunable(s); problem != "" {
		return Settings{}, planError("workload", problem)
	}
	if len(own) == 0 {
		return Settings{}, planError("workload", fmt.Sprintf("no service selects the pods of %s, so nothing tells when requests stop coming to one", w))
	}
	if container == "" {
		var problem string
		if container, problem = servingContainer(s.template.Spec, d.ports); problem != "" {
			return Settings{}, planError("container", problem)
		}
	}
	settings, there := settingsOf(s.template, container)
	if !there {
		return Settings{}, planError("container", noContainer(w, s, container))
	}
	return settings, nil
}

// Has tells whether the template has the settings now.
func (w *Workload) Has(ctx context.Context, settings Settings) (bool, error) {
	s, err := w.readAgain(ctx)
	return err == nil && settings.are(s.template), err
}

// untunable says why no rollout of settings shows how pods end; empty where one does.
func (w *Workload) untunable(s state) string {
	switch {
	case s.replicas == 0:
		return fmt.Sprintf("%s wants no pods, so there is nothing to measure", w)
	case s.paused:
		return fmt.Sprintf("%s is paused, so settings would not be rolled out; resume it first: %s", w, w.byHand.Kubectl("rollout", "resume", w.String(), "-n", w.namespace))
	case s.onDelete:
		return fmt.Sprintf("%s has the update strategy OnDelete, so settings would not be rolled out; want RollingUpdate", w)
	case s.toUpdate() == 0:
		return fmt.Sprintf("%s has a partition of %d for its %s, so settings would be rolled out to none of them; want a lower one", w, s.partition, podCount(s.replicas))
	case s.fewest() == 0:
		return fmt.Sprintf("a rollout of %s ends its last pod before there is another (%s): no setting of a pod's end keeps requests from being lost then; want %s", w, s.pace(), w.roomForOne(s))
	}
	return ""
}

// roomForOne is what keeps a pod available while a rollout is under way, of what each kind
// of workload has: a StatefulSet has no maxSurge, the replicas of a DaemonSet are the
// nodes', and where all pods end at once more of them do not help.
func (w *Workload) roomForOne(s state) string {
	switch {
	case s.allAtOnce:
		return "the strategy RollingUpdate"
	case w.ref.Kind == check.StatefulSet:
		return "more replicas than are ended at once (maxUnavailable)"
	case w.ref.Kind == check.DaemonSet:
		return "a maxUnavailable of 0 with a maxSurge"
	default:
		return "more replicas than maxUnavailable, or a maxUnavailable of 0 with a maxSurge"
	}
}

// servingContainer gives the main container that has all of the ports to which services
// lead, or why it is not known. A container need not declare its ports: the only one that
// there is serves.
func servingContainer(spec corev1.PodSpec, ports []string) (name, problem string) {
	if len(spec.Containers) == 1 && !slices.ContainsFunc(spec.InitContainers, alwaysRestarts) {
		return spec.Containers[0].Name, ""
	}
	var names []string
	for _, c := range spec.Containers {
		names = append(names, c.Name)
	}
	want := "; want its name, one of " + strings.Join(names, ", ")
	serving := ""
	for _, port := range ports {
		for _, c := range slices.Concat(spec.Containers, spec.InitContainers) {
			switch {
			case !declares(c, port) || c.Name == serving:
			case serving != "":
				return "", fmt.Sprintf("containers %s and %s both have ports to which the service leads%s", serving, c.Name, want)
			default:
				serving = c.Name
			}
		}
	}
	switch {
	case serving == "":
		return "", "no container declares the port to which the service leads" + want
	case !slices.Contains(names, serving):
		return "", fmt.Sprintf("container %s, to which the service leads, is a sidecar, which ends after the others: its settings are not tuned%s", serving, want)
	}
	return serving, ""
}

// alwaysRestarts tells of an init container that is a native sidecar (KEP-753).
func alwaysRestarts(c corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
