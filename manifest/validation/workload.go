package validation

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// defaultDeadline is progressDeadlineSeconds where nothing is said (apps/v1 defaults.go).
const defaultDeadline = 600

// deployment is apps/validation's ValidateDeploymentSpec.
func (l *list) deployment(spec *appsv1.DeploymentSpec) {
	notNegative(l, "spec.replicas", spec.Replicas)
	l.selects(spec.Selector, &spec.Template)
	l.within("spec.strategy", "", func() { l.deploymentStrategy(&spec.Strategy) })
	notNegative(l, "spec.minReadySeconds", &spec.MinReadySeconds)
	l.deadline(spec)
	l.template(&spec.Template)
}

func (l *list) deadline(spec *appsv1.DeploymentSpec) {
	deadline, said := int32(defaultDeadline), ", which is the default"
	if spec.ProgressDeadlineSeconds != nil {
		deadline, said = *spec.ProgressDeadlineSeconds, ""
	}
	if notNegative(l, "spec.progressDeadlineSeconds", &deadline) && deadline <= spec.MinReadySeconds {
		l.add("spec.progressDeadlineSeconds", fmt.Sprintf("progressDeadlineSeconds is %d%s, and minReadySeconds %d", deadline, said, spec.MinReadySeconds),
			fmt.Sprintf("Want progressDeadlineSeconds above minReadySeconds: %d or more.", spec.MinReadySeconds+1))
	}
}

// statefulSet is apps/validation's ValidateStatefulSetSpec.
func (l *list) statefulSet(spec *appsv1.StatefulSetSpec) {
	notNegative(l, "spec.replicas", spec.Replicas)
	l.selects(spec.Selector, &spec.Template)
	oneOf(l, "spec.podManagementPolicy", spec.PodManagementPolicy, appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement)
	l.within("spec.updateStrategy", "", func() { l.statefulSetStrategy(&spec.UpdateStrategy) })
	notNegative(l, "spec.minReadySeconds", &spec.MinReadySeconds)
	l.template(&spec.Template)
}

// daemonSet is apps/validation's ValidateDaemonSetSpec.
func (l *list) daemonSet(spec *appsv1.DaemonSetSpec) {
	l.selects(spec.Selector, &spec.Template)
	l.within("spec.updateStrategy", "", func() { l.daemonSetStrategy(&spec.UpdateStrategy) })
	notNegative(l, "spec.minReadySeconds", &spec.MinReadySeconds)
	l.template(&spec.Template)
}

// selects checks that a workload selects the pods that it makes.
func (l *list) selects(selector *metav1.LabelSelector, template *corev1.PodTemplateSpec) {
	const fix = "Give it labels that the pods of spec.template have: matchLabels: {app: NAME}."
	switch {
	case selector == nil:
		l.add("spec.selector", "selector is missing", fix)
	case len(selector.MatchLabels)+len(selector.MatchExpressions) == 0:
		l.add("spec.selector", "selector is empty", fix)
	case l.selector(selector) && l.labels(template.Labels):
		if s, err := metav1.LabelSelectorAsSelector(selector); err == nil && !s.Matches(labels.Set(template.Labels)) {
			l.add("spec.template.metadata.labels", fmt.Sprintf("selector (%s) does not fit the template's labels (%s)", s, labels.Set(template.Labels)),
				"Give the template the labels that the selector asks for.")
		}
	}
}

// labels checks those of the pods (metav1 validation, ValidateLabels).
func (l *list) labels(of map[string]string) bool {
	at := field.NewPath("spec", "template", "metadata", "labels")
	return l.labelErrors(metavalidation.ValidateLabels(of, at), "a label")
}

// selector checks that a selector can be read (metav1 validation, ValidateLabelSelector).
func (l *list) selector(selector *metav1.LabelSelector) bool {
	at := field.NewPath("spec", "selector")
	return l.labelErrors(metavalidation.ValidateLabelSelector(selector, metavalidation.LabelSelectorValidationOptions{}, at), "a selector")
}

// labelErrors tells whether there are none, and adds them.
func (l *list) labelErrors(wrong field.ErrorList, of string) bool {
	for _, err := range wrong {
		why := fmt.Sprintf("%s of %s is %q", name(err.Field), of, fmt.Sprint(err.BadValue))
		if err.Type == field.ErrorTypeRequired {
			why = fmt.Sprintf("%s of %s is missing", name(err.Field), of)
		}
		fix, _, _ := strings.Cut(err.Detail, " (e.g.")
		l.add(err.Field, why, fmt.Sprintf("Kubernetes says: %s.", fix))
	}
	return len(wrong) == 0
}
