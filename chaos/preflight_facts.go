package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Facts gives what a report wants to know of the workload, and warnings about
// what may spoil the check without making it impossible. It needs the right to list
// services. Where it has no right to list HorizontalPodAutoscalers,
// PodDisruptionBudgets or, for some workloads, nodes, it warns instead.
func (w *Workload) Facts(ctx context.Context, c check.Check) (recording.Workload, error) {
	s, err := w.read(ctx)
	if err != nil {
		return recording.Workload{}, err
	}
	all, services, err := w.services(ctx, s)
	if err != nil {
		return recording.Workload{}, err
	}
	destination, err := w.destination(c, all, services)
	if err != nil {
		return recording.Workload{}, err
	}
	foreign, err := w.foreign(ctx, c, all, services)
	if err != nil {
		return recording.Workload{}, err
	}
	near := w.near(c, all, services)
	facts := recording.Workload{
		Kind:            string(w.ref.Kind),
		Name:            w.ref.Name,
		UID:             string(w.uid),
		Replicas:        s.replicas,
		Selector:        w.selector.String(),
		Services:        []string{},
		OtherServices:   destination.other,
		TargetPorts:     destination.ports,
		ServesURL:       w.servesURLs(c, all, services),
		ForeignServices: foreign,
		LocalNode:       w.localNode(c, all),
		Containers:      containerNames(s.template.Spec),
		Strategy:        s.strategy,
		Nearby:          near.fields,
		Sticky:          sticky(services, destination.other),
		OwnNodes:        near.ownNodes,
		MaxSurge:        written(s.maxSurge),
		MaxUnavailable:  written(s.maxUnavailable),
	}
	played := c.Target.Via != nil
	if played {
		// A played balancer knows neither nodes nor clients: it sends to any pod of the service,
		// whatever the URL tells.
		facts.ServesURL = true
		facts.LocalNode, facts.Nearby, facts.Sticky, facts.OwnNodes, near.warnings = "", nil, nil, false, nil
	}
	for _, service := range services {
		facts.Services = append(facts.Services, service.Name)
	}
	facts.Warnings = slices.Concat(ownWarnings(s), managerWarnings(s.meta), serviceWarnings(services, destination.other, played),
		near.warnings, destination.warnings, servingWarnings(s.template.Spec, destination.ports))
	for _, look := range []func() ([]string, error){
		func() ([]string, error) { return w.autoscalerWarnings(ctx) },
		func() ([]string, error) { return w.budgetWarnings(ctx, s, evicts(c.Disruptions)) },
		func() ([]string, error) { return w.roomWarnings(ctx, s) },
	} {
		warnings, err := look()
		if err != nil {
			return recording.Workload{}, err
		}
		facts.Warnings = append(facts.Warnings, warnings...)
	}
	return facts, nil
}

// containerNames are those of the main and the init containers.
func containerNames(spec corev1.PodSpec) []string {
	var names []string
	for _, c := range slices.Concat(spec.Containers, spec.InitContainers) {
		names = append(names, c.Name)
	}
	return names
}

func ownWarnings(s state) []string {
	var warnings []string
	if s.replicas == 1 {
		warnings = append(warnings, "the workload has one replica: whatever ends that pod leaves the service to its replacement alone")
	}
	if s.paused {
		warnings = append(warnings, "the workload is paused: its template can change without a rollout")
	}
	return warnings
}

// serviceWarnings are those of the services that requests may go to. How their clients find
// the pods does not matter where a balancer is played.
func serviceWarnings(services []corev1.Service, other []string, played bool) []string {
	if len(services) == 0 {
		return []string{"no service selects the workload's pods: what the endpoints did is not known"}
	}
	var warnings []string
	for _, service := range services {
		if played || slices.Contains(other, service.Name) {
			continue
		}
		if service.Spec.ClusterIP == corev1.ClusterIPNone {
			warnings = append(warnings, fmt.Sprintf("service %s is headless: clients find the pods by DNS, which may be out of date for as long as it is cached", service.Name))
		}
		if service.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
			warnings = append(warnings, fmt.Sprintf("service %s has session affinity: one client's requests all go to one pod, so the others carry no load", service.Name))
		}
	}
	return warnings
}

// sticky are the services, of those that requests may go to, that lead all requests of one
// address to one pod.
func sticky(services []corev1.Service, other []string) []string {
	var names []string
	for _, service := range services {
		if service.Spec.SessionAffinity == corev1.ServiceAffinityClientIP && !slices.Contains(other, service.Name) {
			names = append(names, service.Name)
		}
	}
	return names
}

// services gives all of the namespace, and of them those whose selector matches the
// pods, in the order of their names.
func (w *Workload) services(ctx context.Context, s state) (all, matching []corev1.Service, err error) {
	list, err := w.client.CoreV1().Services(w.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list the services in front of %s: %w", w, err)
	}
	matching = slices.DeleteFunc(slices.Clone(list.Items), func(service corev1.Service) bool {
		return len(service.Spec.Selector) == 0 || !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(s.template.Labels))
	})
	slices.SortFunc(matching, func(a, b corev1.Service) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, matching, nil
}

// autoscalerWarnings are of each HorizontalPodAutoscaler that targets the workload.
func (w *Workload) autoscalerWarnings(ctx context.Context) ([]string, error) {
	names, err := w.autoscalers(ctx)
	if apierrors.IsForbidden(err) {
		return []string{"no right to list horizontalpodautoscalers: whether one targets it is not known"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the autoscalers of %s: %w", w, err)
	}
	var warnings []string
	for _, name := range names {
		warnings = append(warnings, fmt.Sprintf("HorizontalPodAutoscaler %s targets it and may change its replicas during the run", name))
	}
	return warnings, nil
}

// written gives the value as the spec has it.
func written(value *intstr.IntOrString) string {
	if value == nil {
		return ""
	}
	return value.String()
}
