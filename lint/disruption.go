package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var disruptionRules = []rule{noBudget, budgetBlocks, severalBudgets}

var noBudget = rule{
	id:    "no-budget",
	cause: report.NoCapacity,
	doc:   "No PodDisruptionBudget keeps drains from evicting all pods at once.",
	find: func(w *workload, report func(breach)) {
		if n, known := w.replicas(); known && n > 1 && w.noBudget && len(w.serving()) > 0 {
			report(breach{
				severity: Note, field: "spec.replicas",
				why: fmt.Sprintf("No PodDisruptionBudget selects the %d pods: drains may evict all of them before a replacement is ready.", n),
				fix: "Add a PodDisruptionBudget with maxUnavailable: 1.",
			})
		}
	},
}

var budgetBlocks = rule{
	id:    "budget-blocks",
	cause: report.NoCapacity,
	doc:   "The budget allows no eviction at all, so that drains hang until someone ends the pods by force.",
	find: func(w *workload, report func(breach)) {
		if w.daemonSet != nil || w.scale.off {
			return // drains leave the pods of DaemonSets alone
		}
		for _, b := range w.budgets {
			n, known := pods(b.of, b.beside)
			field, why := blocks(b.Value, n, known)
			if why == "" {
				continue
			}
			found := blocking(field, why)
			found.of = new(otherOf("PodDisruptionBudget", b.Object))
			if _, always := blocks(b.Value, 0, false); always == "" && slices.ContainsFunc(b.of, (*workload).autoscaled) {
				found.why = why + ", the fewest that autoscaling keeps: at that size no pod may be evicted, and a drain hangs until there are more or it is forced."
			}
			report(found)
		}
	},
}

var severalBudgets = rule{
	id:    "several-budgets",
	cause: report.NoCapacity,
	doc:   "The eviction API answers 500 for a pod that several budgets select.",
	find: func(w *workload, report func(breach)) {
		if len(w.budgets) < 2 {
			return
		}
		var names []string
		for _, b := range w.budgets {
			names = append(names, b.Value.Name)
		}
		last := w.budgets[len(w.budgets)-1]
		report(breach{
			severity: Warning, of: new(otherOf("PodDisruptionBudget", last.Object)), field: "spec.selector", always: true,
			why: fmt.Sprintf("%d budgets select the same pods (%s): every eviction fails with 500, and a drain hangs until it is forced.", len(names), strings.Join(names, ", ")),
			fix: "Keep one PodDisruptionBudget for these pods.",
		})
	},
}

// blocking is the breach of a budget that allows no eviction.
func blocking(field, why string) breach {
	return breach{
		severity: Warning, field: "spec." + field, always: true,
		why:   why + ": no pod may ever be evicted, and a drain hangs until it is forced.",
		fix:   "Allow one pod at a time to be away: maxUnavailable: 1.",
		patch: patch.JSON(patch.Object{"spec": patch.Object{"minAvailable": nil, "maxUnavailable": 1}}),
	}
}

// blockingAlone reports the budgets that allow no eviction, of however many pods, and select
// none of those that were read: others elsewhere they keep where they are all the same.
func (o *Objects) blockingAlone(workloads []*workload) (all []Finding) {
	for _, b := range o.Budgets {
		if b.Source.File == "" || b.Value.Spec.Selector == nil || slices.ContainsFunc(workloads, func(w *workload) bool {
			return slices.ContainsFunc(w.budgets, func(of *podBudget) bool { return of.Value == b.Value })
		}) {
			continue
		}
		if field, why := blocks(b.Value, 0, false); why != "" && len(validation.Refused(b.Value)) == 0 {
			found := written{rule: &budgetBlocks, breach: blocking(field, why), kind: "PodDisruptionBudget", namespace: b.Value.Namespace, name: b.Value.Name, source: b.Source}
			all = append(all, found.finding())
		}
	}
	return all
}

// blocks tells why a budget never lets one of n pods go; both kinds of numbers
// round up, and one that says none expects no pod, by which none may go
// (pkg/controller/disruption, updatePdbStatus). Where n is not known, or 0, it tells only of what
// holds for every number.
func blocks(b *policyv1.PodDisruptionBudget, n int, known bool) (field, why string) {
	if most := b.Spec.MaxUnavailable; most != nil {
		if scaled, err := intstr.GetScaledValueFromIntOrPercent(most, 100, true); err == nil && scaled == 0 {
			return "maxUnavailable", fmt.Sprintf("maxUnavailable is %s", most)
		}
	}
	least := b.Spec.MinAvailable
	switch {
	case least == nil && b.Spec.MaxUnavailable == nil:
		return "maxUnavailable", "it says neither minAvailable nor maxUnavailable"
	case least == nil:
		return "", ""
	}
	if least.Type == intstr.String {
		if scaled, err := intstr.GetScaledValueFromIntOrPercent(least, 100, true); err == nil && scaled >= 100 {
			return "minAvailable", fmt.Sprintf("minAvailable is %s", least)
		}
	}
	if !known || n == 0 {
		return "", ""
	}
	if scaled, err := intstr.GetScaledValueFromIntOrPercent(least, n, true); err == nil && scaled >= n {
		return "minAvailable", fmt.Sprintf("minAvailable is %s of %s", least, text.Count(n, "pod"))
	}
	return "", ""
}
