package lint

import (
	"fmt"
	"slices"
)

// old is an object of a version that API servers no longer have.
type old struct {
	other
	version string
}

// served tells with which Kubernetes a version went, and what came in its place
// (kubernetes.io/docs/reference/using-api/deprecation-guide).
var served = map[string]struct{ until, now string }{
	"HorizontalPodAutoscaler autoscaling/v2beta1": {"1.25", "autoscaling/v2"},
	"HorizontalPodAutoscaler autoscaling/v2beta2": {"1.26", "autoscaling/v2"},
	"PodDisruptionBudget policy/v1beta1":          {"1.25", "policy/v1"},
	"Ingress extensions/v1beta1":                  {"1.22", "networking.k8s.io/v1"},
	"Ingress networking.k8s.io/v1beta1":           {"1.22", "networking.k8s.io/v1"},
}

var versionRules = []rule{{
	id:  "version-not-served",
	doc: "An autoscaler, a budget or an Ingress is of a version that API servers no longer have (Kubernetes' deprecation guide): one that takes it no more goes without it.",
	find: func(w *workload, report func(breach)) {
		for _, o := range w.old {
			s := served[o.kind+" "+o.version]
			report(breach{
				severity: Note, of: &o.other, field: "apiVersion",
				why: fmt.Sprintf("%s is not served since Kubernetes %s, which refuses this %s; its numbers were used all the same.", o.version, s.until, o.kind),
				fix: fmt.Sprintf("Write it as %s.", s.now),
			})
		}
	},
}}

// oldAround finds what belongs to the workload and is of such a version.
func (o *Objects) oldAround(w *workload) []old {
	var all []old
	add := func(of other, version string) {
		if _, gone := served[of.kind+" "+version]; gone {
			all = append(all, old{of, version})
		}
	}
	for _, h := range o.Autoscalers {
		if target := h.Value.Spec.ScaleTargetRef; together(h.Value.Namespace, w.meta.Namespace) && target.Kind == w.kind && target.Name == w.meta.Name {
			add(hpa(h).other, h.Value.APIVersion)
		}
	}
	for _, b := range w.budgets {
		add(other{"PodDisruptionBudget", b.Value.Name, b.Source}, b.Value.APIVersion)
	}
	for _, i := range o.Ingresses {
		if slices.ContainsFunc(w.services, func(s *podService) bool {
			return together(i.Value.Namespace, s.Value.Namespace) && slices.Contains(backends(i.Value), s.Value.Name)
		}) {
			add(other{"Ingress", i.Value.Name, i.Source}, i.Value.APIVersion)
		}
	}
	return all
}
