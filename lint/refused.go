package lint

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
)

// refused is about what decides how pods end and are replaced, and nothing else: the API
// server may refuse an object for more.
var refused = rule{
	id:  "refused",
	doc: "The API server refuses the object for a field that says how pods end and are replaced: selectors, numbers of pods, strategies, ports, hooks, stop signals, probes (pkg/apis/{core,apps,policy,autoscaling}/validation; compared with 1.37). Of such a field nothing else is told. Other fields are not checked: kubectl apply --dry-run=server checks all.",
	find: func(w *workload, report func(breach)) {
		// A cluster's own objects were taken.
		if w.source.File != "" {
			for i := range w.refused {
				b := refusal(&w.refused[i], w.kind)
				if rolling := w.rollingInstead(); within(b.field, "spec.strategy.rollingUpdate") && w.recreated() && rolling != "" {
					// What Recreate has to become keeps the numbers that it is refused for.
					b.fix, b.patch = "Set the type to RollingUpdate, or take rollingUpdate out.", rolling
				}
				report(b)
			}
		}
	},
}

// refusedBeside reports for which fields the API server refuses the objects that are no
// workloads.
func (o *Objects) refusedBeside(workloads []*workload) (all []Finding) {
	whole := slices.DeleteFunc(slices.Clone(o.Services), func(s Object[*corev1.Service]) bool { return o.isPart(s, workloads) })
	return slices.Concat(refusedOf("Service", whole), refusedOf("PodDisruptionBudget", o.Budgets), refusedOf("HorizontalPodAutoscaler", o.Autoscalers))
}

// isPart tells of a service without ports, of none of the workloads' pods, that it is taken
// for a part of one: a patch may have a selector too.
func (o *Objects) isPart(s Object[*corev1.Service], workloads []*workload) bool {
	selects := func(w *workload) bool {
		return slices.ContainsFunc(w.services, func(of *podService) bool { return of.Value == s.Value })
	}
	if s.Source.File == "" || s.Value.Spec.Ports != nil || headless(s.Value) || s.Value.Spec.Type == corev1.ServiceTypeExternalName || slices.ContainsFunc(workloads, selects) {
		return false
	}
	o.PassOver(s.Source.File, aPart)
	return true
}

func refusedOf[P named](kind string, objects []Object[P]) (all []Finding) {
	for _, o := range objects {
		if o.Source.File == "" {
			continue
		}
		for _, r := range validation.Refused(o.Value) {
			b := refusal(&r, kind)
			w := written{rule: &refused, breach: b, kind: kind, namespace: o.Value.GetNamespace(), name: o.Value.GetName(), source: o.Source}
			all = append(all, w.finding())
		}
	}
	return all
}

func refusal(r *validation.Refusal, kind string) breach {
	b := breach{
		severity: Error, always: true, container: r.Container, field: r.Field, fix: r.Fix, patch: r.Patch,
		why: fmt.Sprintf("%s: the API server refuses the %s.", r.Why, kind),
	}
	if r.Gate != "" {
		b.severity = Warning
		b.why = fmt.Sprintf("%s: the API server refuses the %s where its feature gate %s is on, and drops the field where that is off, as by default.", r.Why, kind, r.Gate)
	}
	if r.Since != "" {
		b.severity = Warning
		b.why = fmt.Sprintf("%s: Kubernetes %s and later refuse the %s; earlier versions drop the field where its feature gate is off.", r.Why, r.Since, kind)
	}
	return b
}

// void tells whether a field stands where the API server refuses what is there, so that
// nothing else can be told of it.
func (w *workload) void(field string) bool {
	for _, r := range w.refused {
		if r.Void != "" && within(field, r.Void) || within(field, r.Field) {
			return true
		}
	}
	return false
}

// within tells whether a path leads to a part of the object or into it.
func within(path, part string) bool {
	rest, ok := strings.CutPrefix(path, part)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
