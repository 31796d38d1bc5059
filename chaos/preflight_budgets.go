package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// budgetsOf gives the PodDisruptionBudgets that cover pods with the labels, in
// the order of their names. In policy/v1 an empty selector covers all pods, a
// missing one none.
func (w *Workload) budgetsOf(ctx context.Context, namespace string, of map[string]string) ([]policyv1.PodDisruptionBudget, error) {
	list, err := w.client.PolicyV1().PodDisruptionBudgets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the PodDisruptionBudgets of %s: %w", w, err)
	}
	matching := slices.DeleteFunc(list.Items, func(budget policyv1.PodDisruptionBudget) bool {
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		return err != nil || !selector.Matches(labels.Set(of))
	})
	slices.SortFunc(matching, func(a, b policyv1.PodDisruptionBudget) int { return strings.Compare(a.Name, b.Name) })
	return matching, nil
}

func budgetNames(budgets []policyv1.PodDisruptionBudget) []string {
	all := make([]string, len(budgets))
	for i, budget := range budgets {
		all[i] = budget.Name
	}
	return all
}

// budgetWarnings tells of the PodDisruptionBudgets that cover the pods, or that
// none does although the check evicts.
func (w *Workload) budgetWarnings(ctx context.Context, s state, evicts bool) ([]string, error) {
	budgets, err := w.budgetsOf(ctx, w.namespace, s.template.Labels)
	switch {
	case apierrors.IsForbidden(err):
		return []string{"no right to list poddisruptionbudgets: whether one covers the workload's pods is not known"}, nil
	case err != nil:
		return nil, err
	case len(budgets) == 0 && evicts:
		return []string{"no PodDisruptionBudget covers the workload's pods: nothing keeps evictions and drains from ending all of them at once"}, nil
	case len(budgets) == 0:
		return nil, nil
	case len(budgets) > 1:
		return []string{fmt.Sprintf("PodDisruptionBudgets %s cover the same pods: the eviction API answers 500 for them, so that nobody can drain their nodes", strings.Join(budgetNames(budgets), ", "))}, nil
	}
	return aboutBudget(budgets[0]), nil
}

// aboutBudget says nothing of one that allows evictions.
func aboutBudget(budget policyv1.PodDisruptionBudget) []string {
	text := fmt.Sprintf("PodDisruptionBudget %s covers the workload's pods", budget.Name)
	now := budget.Status
	switch {
	case now.ObservedGeneration < budget.Generation:
		return []string{text + ", but its controller has not taken it up: evictions are refused until it has"}
	case now.DisruptionsAllowed == 0:
		return []string{fmt.Sprintf("%s and allowed no disruption before the run (it wants %d healthy, %d were): evictions are refused then", text, now.DesiredHealthy, now.CurrentHealthy)}
	}
	return nil
}

// evicts tells whether one of the disruptions asks the eviction API.
func evicts(disruptions []check.Disruption) bool {
	return slices.ContainsFunc(disruptions, func(d check.Disruption) bool { return d.Evict != nil || d.Drain != nil })
}
