package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
)

// Object is a Kubernetes object and where it was read.
type Object[T any] struct {
	Value  T
	Source Source
}

// Objects are all that the rules look at.
type Objects struct {
	Deployments       []Object[*appsv1.Deployment]
	StatefulSets      []Object[*appsv1.StatefulSet]
	DaemonSets        []Object[*appsv1.DaemonSet]
	Services          []Object[*corev1.Service]
	Budgets           []Object[*policyv1.PodDisruptionBudget]
	Autoscalers       []Object[*autoscalingv2.HorizontalPodAutoscaler]
	ScaledObjects     []Object[*ScaledObject]
	HTTPScaledObjects []Object[*HTTPScaledObject]
	Claims            []Object[*corev1.PersistentVolumeClaim]
	Ingresses         []Object[*networkingv1.Ingress]
	IngressClasses    []Object[*networkingv1.IngressClass]
	Gateways          []Object[*Gateway]
	GatewayClasses    []Object[*GatewayClass]
	Routes            []Object[*Route]
	TargetGroups      []Object[*TargetGroupBinding]
	PodMonitors       []Object[*PodMonitor]
	// Only is kind/name of the one workload to judge, empty for all: the others
	// only stand beside it.
	Only string
	// AllServices says that a service that is not here does not exist.
	AllServices bool
	// BudgetsUnknown and ServicesUnknown say that none was read although there may be one.
	BudgetsUnknown, ServicesUnknown bool
	// Apart are sets of objects that belong together and not to these: what
	// two overlays of one folder are built to.
	Apart []*Objects
	// configMaps hold scripts that containers may run.
	configMaps []*corev1.ConfigMap
	found
}

// eachBeside visits the objects that are no workloads.
func (o *Objects) eachBeside(visit func(kind string, object metav1.Object)) {
	visitAll(visit, "Service", o.Services)
	visitAll(visit, "PodDisruptionBudget", o.Budgets)
	visitAll(visit, "HorizontalPodAutoscaler", o.Autoscalers)
	visitAll(visit, "ScaledObject", o.ScaledObjects)
	visitAll(visit, "HTTPScaledObject", o.HTTPScaledObjects)
	visitAll(visit, "PersistentVolumeClaim", o.Claims)
	visitAll(visit, "Ingress", o.Ingresses)
	visitAll(visit, "IngressClass", o.IngressClasses)
	visitAll(visit, "Gateway", o.Gateways)
	visitAll(visit, "GatewayClass", o.GatewayClasses)
	visitAll(visit, "Route", o.Routes)
	visitAll(visit, "TargetGroupBinding", o.TargetGroups)
	visitAll(visit, "PodMonitor", o.PodMonitors)
}

func visitAll[T metav1.Object](visit func(kind string, object metav1.Object), kind string, all []Object[T]) {
	for _, object := range all {
		visit(kind, object.Value)
	}
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

	refused []validation.Refusal

	services []*podService
	// missedBy are services that select no pod and most likely should select these.
	missedBy []missed
	budgets  []*podBudget
	// noBudget says that none was written for the pods, not even one that is refused.
	noBudget bool
	// several are the namespaces of what may belong to it, where its own is left out and
	// these differ.
	several []string
	scale   scale
	claim   *claim
	routes  []route
	traffic traffic
	paths   []hop

	configMaps []*corev1.ConfigMap

	// hooks and firsts are what was found out of the containers' scripts (see judge and first).
	hooks  map[*corev1.Container]script.Hook
	firsts map[*corev1.Container]script.Start
}

// selecting is an object that selects pods, with the workloads that they are of.
type selecting[T any] struct {
	Object[T]
	of []*workload
	// beside is how many pods of objects that are not judged it selects too.
	beside scale
}

type (
	podService = selecting[*corev1.Service]
	podBudget  = selecting[*policyv1.PodDisruptionBudget]
)

func (w *workload) String() string { return strings.ToLower(w.kind) + "/" + w.meta.Name }

// judged are the workloads that findings may be about.
func (o *Objects) judged() []*workload {
	return slices.DeleteFunc(o.workloads(), func(w *workload) bool { return o.Only != "" && o.Only != w.String() })
}

func newWorkload(kind string, meta metav1.ObjectMeta, source Source, template *corev1.PodTemplateSpec, refused []validation.Refusal) *workload {
	return &workload{
		kind: kind, meta: meta, source: source, template: template, refused: refused,
		hooks: map[*corev1.Container]script.Hook{}, firsts: map[*corev1.Container]script.Start{},
	}
}

// workloads brings the objects together, in their kinds' order.
func (o *Objects) workloads() []*workload {
	var all []*workload
	for _, d := range o.Deployments {
		w := newWorkload("Deployment", d.Value.ObjectMeta, d.Source, &d.Value.Spec.Template, validation.Refused(d.Value))
		w.deployment = d.Value
		all = append(all, w)
	}
	for _, s := range o.StatefulSets {
		w := newWorkload("StatefulSet", s.Value.ObjectMeta, s.Source, &s.Value.Spec.Template, validation.Refused(s.Value))
		w.statefulSet = s.Value
		all = append(all, w)
	}
	for _, d := range o.DaemonSets {
		w := newWorkload("DaemonSet", d.Value.ObjectMeta, d.Source, &d.Value.Spec.Template, validation.Refused(d.Value))
		w.daemonSet = d.Value
		all = append(all, w)
	}
	var selecting []*podService
	for _, s := range o.Services {
		if given := (&podService{Object: s}); o.attachService(given, all) {
			selecting = append(selecting, given)
		}
	}
	o.findMissed(selecting, all)
	for _, b := range o.Budgets {
		o.attachBudget(&podBudget{Object: b}, all)
	}
	for _, w := range all {
		w.configMaps = o.configMaps
		w.noBudget = len(w.budgets) == 0 && !o.BudgetsUnknown
		o.place(w)
		w.budgets = slices.DeleteFunc(w.budgets, func(b *podBudget) bool { return len(validation.Refused(b.Value)) > 0 })
		w.scale = o.scaleOf(w)
		w.claim = o.claimOf(w)
		o.lead(w)
		w.paths = o.pathsTo(w)
	}
	return all
}

// attachService tells whether the service is one that selects pods.
func (o *Objects) attachService(s *podService, all []*workload) bool {
	// Of an ExternalName service the selector means nothing (core/v1 ServiceSpec).
	if len(s.Value.Spec.Selector) == 0 || s.Value.Spec.Type == corev1.ServiceTypeExternalName {
		return false
	}
	selector := selection(s.Value.Spec.Selector)
	s.beside = o.beside(s.Value.Namespace, selector)
	for _, w := range all {
		if together(s.Value.Namespace, w.meta.Namespace) && selector(w.template.Labels) {
			w.services = append(w.services, s)
			s.of = append(s.of, w)
		}
	}
	return true
}

// selection tells whether labels have all that are wanted; there are as many questions as
// there are pairs of services and pods.
func selection(wanted map[string]string) func(of map[string]string) bool {
	return func(of map[string]string) bool {
		for key, value := range wanted {
			if has, is := of[key]; !is || has != value {
				return false
			}
		}
		return true
	}
}

func (o *Objects) attachBudget(b *podBudget, all []*workload) {
	// A nil selector selects no pod, an empty one all of the namespace, in policy/v1beta1
	// none (policy/v1 PodDisruptionBudgetSpec).
	given := b.Value.Spec.Selector
	if given != nil && len(given.MatchLabels)+len(given.MatchExpressions) == 0 && b.Value.APIVersion == "policy/v1beta1" {
		return
	}
	selector, err := metav1.LabelSelectorAsSelector(given)
	if err != nil {
		return
	}
	matches := func(of map[string]string) bool { return selector.Matches(labels.Set(of)) }
	if given != nil && len(given.MatchExpressions) == 0 {
		matches = selection(given.MatchLabels)
	}
	b.beside = o.beside(b.Value.Namespace, matches)
	for _, w := range all {
		if together(b.Value.Namespace, w.meta.Namespace) && matches(w.template.Labels) {
			w.budgets = append(w.budgets, b)
			b.of = append(b.of, w)
		}
	}
}

// grace is the pods' grace period in seconds. A template may have a negative one, of which
// the API server makes 1 in each pod (core/v1 defaults.go, SetDefaults_Pod).
func (w *workload) grace() int {
	if grace := orDefault(w.template.Spec.TerminationGracePeriodSeconds, defaultGrace); grace >= 0 {
		return grace
	}
	return 1
}

// container is one of a workload's containers and the path to it.
type container struct {
	*corev1.Container
	field string
	list  patch.List
}

// imageName is the last part of an image's name, without a tag and a digest.
func imageName(c container) string {
	image, _, _ := strings.Cut(path.Base(c.Image), "@")
	image, _, _ = strings.Cut(image, ":")
	return image
}

func (w *workload) containers() []container {
	var all []container
	for i := range w.template.Spec.Containers {
		all = append(all, container{&w.template.Spec.Containers[i], fmt.Sprintf("spec.template.spec.containers[%d]", i), patch.Main})
	}
	return all
}

// sidecars are the native ones (KEP-753): they start before the containers, and get
// SIGTERM only after all of these have ended.
func (w *workload) sidecars() []container {
	var all []container
	for i := range w.template.Spec.InitContainers {
		c := &w.template.Spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, container{c, fmt.Sprintf("spec.template.spec.initContainers[%d]", i), patch.Init})
		}
	}
	return all
}

func orDefault[N int32 | int64](n *N, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}
