package lint

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Object is a Kubernetes object and where it was read.
type Object[T any] struct {
	Value  T
	Source Source
}

// Objects are all that the rules look at.
type Objects struct {
	Deployments  []Object[*appsv1.Deployment]
	StatefulSets []Object[*appsv1.StatefulSet]
	DaemonSets   []Object[*appsv1.DaemonSet]
	Services     []Object[*corev1.Service]
	Budgets      []Object[*policyv1.PodDisruptionBudget]
	Autoscalers  []Object[*autoscalingv2.HorizontalPodAutoscaler]
	// BudgetsUnknown says that no budget was read although there may be one.
	BudgetsUnknown bool
}

// defaultGrace is terminationGracePeriodSeconds where nothing is said
// (k8s.io/api core/v1 PodSpec).
const defaultGrace = 30

// workload is one of the three kinds with what belongs to it.
type workload struct {
	kind        string
	meta        metav1.ObjectMeta
	source      Source
	template    *corev1.PodTemplateSpec
	deployment  *appsv1.Deployment
	statefulSet *appsv1.StatefulSet
	daemonSet   *appsv1.DaemonSet

	services    []Object[*corev1.Service]
	budgets     []Object[*policyv1.PodDisruptionBudget]
	noBudget    bool
	autoscaler  *autoscalingv2.HorizontalPodAutoscaler
	allReplicas int
}

func (w *workload) String() string { return strings.ToLower(w.kind) + "/" + w.meta.Name }

// workloads brings the objects together, in their kinds' order.
func (o *Objects) workloads() []*workload {
	var all []*workload
	for _, d := range o.Deployments {
		all = append(all, &workload{kind: "Deployment", meta: d.Value.ObjectMeta, source: d.Source, template: &d.Value.Spec.Template, deployment: d.Value, allReplicas: orDefault(d.Value.Spec.Replicas, 1)})
	}
	for _, s := range o.StatefulSets {
		all = append(all, &workload{kind: "StatefulSet", meta: s.Value.ObjectMeta, source: s.Source, template: &s.Value.Spec.Template, statefulSet: s.Value, allReplicas: orDefault(s.Value.Spec.Replicas, 1)})
	}
	for _, d := range o.DaemonSets {
		all = append(all, &workload{kind: "DaemonSet", meta: d.Value.ObjectMeta, source: d.Source, template: &d.Value.Spec.Template, daemonSet: d.Value})
	}
	for _, w := range all {
		o.attach(w)
	}
	return all
}

func (o *Objects) attach(w *workload) {
	pod := labels.Set(w.template.Labels)
	for _, s := range o.Services {
		if s.Value.Namespace == w.meta.Namespace && len(s.Value.Spec.Selector) > 0 && labels.SelectorFromSet(s.Value.Spec.Selector).Matches(pod) {
			w.services = append(w.services, s)
		}
	}
	for _, b := range o.Budgets {
		// A nil selector selects no pod, an empty one all of the namespace.
		selector, err := metav1.LabelSelectorAsSelector(b.Value.Spec.Selector)
		if err == nil && b.Value.Namespace == w.meta.Namespace && selector.Matches(pod) {
			w.budgets = append(w.budgets, b)
		}
	}
	w.noBudget = len(w.budgets) == 0 && !o.BudgetsUnknown
	for _, h := range o.Autoscalers {
		target := h.Value.Spec.ScaleTargetRef
		if h.Value.Namespace == w.meta.Namespace && target.Kind == w.kind && target.Name == w.meta.Name {
			w.autoscaler = h.Value
		}
	}
}

// replicas is the fewest pods that the workload is meant to have: the
// autoscaler's minimum where there is one. A DaemonSet has no such number.
func (w *workload) replicas() (n int, known bool) {
	if w.daemonSet != nil || w.allReplicas == 0 {
		return 0, false
	}
	if w.autoscaler != nil {
		return orDefault(w.autoscaler.Spec.MinReplicas, 1), true
	}
	return w.allReplicas, true
}

func (w *workload) grace() int {
	return orDefault(w.template.Spec.TerminationGracePeriodSeconds, defaultGrace)
}

// container is one of a workload's containers and the path to it.
type container struct {
	*corev1.Container
	field string
}

func (w *workload) containers() []container {
	var all []container
	for i := range w.template.Spec.Containers {
		all = append(all, container{&w.template.Spec.Containers[i], fmt.Sprintf("spec.template.spec.containers[%d]", i)})
	}
	return all
}

// serving are the containers that requests reach: those with a port that a
// service leads to; where none declares it, those with any port; the only one
// where a service leads to the pod all the same.
func (w *workload) serving() []container {
	var targeted, withPort []container
	all := w.containers()
	for _, c := range all {
		if meshProxies[c.Name] {
			continue
		}
		if len(c.Ports) > 0 {
			withPort = append(withPort, c)
		}
		for _, s := range w.services {
			if leadsTo(s.Value, c.Container) {
				targeted = append(targeted, c)
				break
			}
		}
	}
	switch {
	case len(targeted) > 0:
		return targeted
	case len(withPort) > 0:
		return withPort
	case len(w.services) > 0 && len(all) == 1:
		return all
	default:
		return nil
	}
}

func leadsTo(s *corev1.Service, c *corev1.Container) bool {
	for i := range s.Spec.Ports {
		for _, p := range c.Ports {
			if port, name := targetPort(&s.Spec.Ports[i]); (name != "" && p.Name == name) || (name == "" && p.ContainerPort == port) {
				return true
			}
		}
	}
	return false
}

// targetPort is the service's port where no other is named.
func targetPort(p *corev1.ServicePort) (port int32, name string) {
	if p.TargetPort.StrVal != "" {
		return 0, p.TargetPort.StrVal
	}
	if p.TargetPort.IntVal != 0 {
		return p.TargetPort.IntVal, ""
	}
	return p.Port, ""
}

func orDefault[N int32 | int64](n *N, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}
