package validation

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// Refusal is a field for which the API server refuses its object.
type Refusal struct {
	// Field is the path to the field, or to where it is missing.
	Field string
	// Void is the path to the part of the object that means nothing with this value: a
	// whole probe, say. Empty where the rest means what it says.
	Void string
	// Container has the field; empty where none has.
	Container string
	// Why says what the field has, as the beginning of a sentence. Fix is a sentence, and
	// says what is allowed.
	Why, Fix string
	// Patch is a strategic merge patch of the object, in JSON; empty where the manifest does
	// not tell what is meant.
	Patch string
	// Since is the first version of Kubernetes that refuses it: earlier ones drop the
	// field. Empty where all do.
	Since string
	// Gate is the feature gate with which it is refused: where that is off, as by default, the
	// field is dropped. Empty where none has a say.
	Gate string
}

// Refused gives the fields for which the API server refuses an object, in their order; none
// for kinds that it does not know.
func Refused(object any) []Refusal {
	var l list
	switch o := object.(type) {
	case *appsv1.Deployment:
		l.deployment(&o.Spec)
	case *appsv1.StatefulSet:
		l.statefulSet(&o.Spec)
	case *appsv1.DaemonSet:
		l.daemonSet(&o.Spec)
	case *policyv1.PodDisruptionBudget:
		l.budget(&o.Spec)
	case *corev1.Service:
		l.service(&o.Spec)
	case *autoscalingv2.HorizontalPodAutoscaler:
		l.autoscaler(o)
	}
	return l
}

// list gathers refusals.
type list []Refusal

func (l *list) add(field, why, fix string) {
	*l = append(*l, Refusal{Field: field, Why: why, Fix: fix})
}

// mended gives the one that was added last its patch.
func (l *list) mended(patch string) { (*l)[len(*l)-1].Patch = patch }

// within says of what is checked in between that it makes a part of the object void, and of
// which container it is.
func (l *list) within(void, container string, check func()) {
	before := len(*l)
	check()
	for i := range (*l)[before:] {
		r := &(*l)[before+i]
		if r.Void == "" {
			r.Void = void
		}
		if r.Container == "" {
			r.Container = container
		}
	}
}

// name is that of the field at a path, with the hook, the probe or the port that has it:
// others may have one of the same name.
func name(field string) string {
	steps := strings.Split(field, ".")
	last := steps[len(steps)-1]
	for _, step := range steps[:len(steps)-1] {
		if step == "preStop" || step == "postStart" || strings.HasSuffix(step, "Probe") {
			return last + " of the " + step
		}
		if last == "name" && strings.HasPrefix(step, "ports[") {
			return "name of a port"
		}
	}
	return last
}

// oneOf checks a value that may be left out.
func oneOf[T ~string](l *list, field string, value T, allowed ...T) {
	if value != "" && !slices.Contains(allowed, value) {
		var names []string
		for _, a := range allowed {
			names = append(names, string(a))
		}
		l.add(field, fmt.Sprintf("%s is %q", name(field), value), "Want "+enumerated(names)+".")
	}
}

func enumerated(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
