// Package patchtest tells in tests what an API server would make of a patch.
package patchtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Apply merges a strategic merge patch into an object of the kind, in JSON, and tells
// what the API server would refuse about the outcome, as far as patches of this module
// bear on it (kubernetes pkg/apis/core/validation and pkg/apis/apps/validation).
func Apply(kind string, object []byte, patch string) error {
	into := map[string]any{
		"Deployment":          &appsv1.Deployment{},
		"StatefulSet":         &appsv1.StatefulSet{},
		"DaemonSet":           &appsv1.DaemonSet{},
		"Service":             &corev1.Service{},
		"PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
	}[kind]
	if into == nil {
		return fmt.Errorf("no such kind: %q", kind)
	}
	after, err := strategicpatch.StrategicMergePatch(object, []byte(patch), into)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(after))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	switch w := into.(type) {
	case *appsv1.Deployment:
		return errors.Join(deployment(w.Spec.Strategy), pod(w.Spec.Template.Spec))
	case *appsv1.StatefulSet:
		return pod(w.Spec.Template.Spec)
	case *appsv1.DaemonSet:
		return errors.Join(daemonSet(w.Spec.UpdateStrategy), pod(w.Spec.Template.Spec))
	case *policyv1.PodDisruptionBudget:
		if w.Spec.MinAvailable != nil && w.Spec.MaxUnavailable != nil {
			return errors.New("both minAvailable and maxUnavailable")
		}
	}
	return nil
}

// deployment is ValidateDeploymentStrategy.
func deployment(s appsv1.DeploymentStrategy) error {
	rolling := s.RollingUpdate
	switch {
	case rolling == nil:
		return nil
	case s.Type == appsv1.RecreateDeploymentStrategyType:
		return errors.New("rollingUpdate beside Recreate")
	case none(rolling.MaxSurge) && none(rolling.MaxUnavailable):
		return errors.New("neither maxSurge nor maxUnavailable")
	}
	return nil
}

// daemonSet is ValidateRollingUpdateDaemonSet: exactly one of the two.
func daemonSet(s appsv1.DaemonSetUpdateStrategy) error {
	if rolling := s.RollingUpdate; rolling != nil {
		surges := rolling.MaxSurge != nil && !none(rolling.MaxSurge)
		if surges == (rolling.MaxUnavailable == nil || !none(rolling.MaxUnavailable)) {
			return errors.New("maxSurge and maxUnavailable, or neither")
		}
	}
	return nil
}

func none(n *intstr.IntOrString) bool {
	return n != nil && (n.String() == "0" || n.String() == "0%")
}

func pod(spec corev1.PodSpec) error {
	if len(spec.Containers) == 0 {
		return errors.New("no container")
	}
	grace := int64(30)
	if spec.TerminationGracePeriodSeconds != nil {
		grace = *spec.TerminationGracePeriodSeconds
	}
	var wrong []error
	names := map[string]bool{}
	for _, list := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range list {
			c := &list[i]
			if c.Name == "" || names[c.Name] {
				wrong = append(wrong, fmt.Errorf("no name of its own: %q", c.Name))
			}
			names[c.Name] = true
			wrong = append(wrong, container(c, grace))
		}
	}
	return errors.Join(wrong...)
}

func container(c *corev1.Container, grace int64) error {
	var wrong []error
	if c.Image == "" {
		wrong = append(wrong, fmt.Errorf("%s: no image", c.Name))
	}
	if c.Lifecycle != nil {
		for _, hook := range []*corev1.LifecycleHandler{c.Lifecycle.PreStop, c.Lifecycle.PostStart} {
			if hook == nil {
				continue
			}
			if n := count(hook.Exec != nil, hook.HTTPGet != nil, hook.TCPSocket != nil, hook.Sleep != nil); n != 1 {
				wrong = append(wrong, fmt.Errorf("%s: %d handlers of a hook", c.Name, n))
			}
			if s := hook.Sleep; s != nil && (s.Seconds < 0 || s.Seconds > grace) {
				wrong = append(wrong, fmt.Errorf("%s: a sleep of %d s in a grace of %d s", c.Name, s.Seconds, grace))
			}
		}
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p == nil {
			continue
		}
		if n := count(p.Exec != nil, p.HTTPGet != nil, p.TCPSocket != nil, p.GRPC != nil); n != 1 {
			wrong = append(wrong, fmt.Errorf("%s: %d handlers of a probe", c.Name, n))
		}
	}
	return errors.Join(wrong...)
}

func count(set ...bool) int {
	n := 0
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}
