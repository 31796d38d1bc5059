package lint

import (
	"fmt"
	"slices"
	"strings"
)

// together tells whether objects may stand in one namespace. One that is left out is that
// of whoever applies the manifest, and so most likely that of the others.
func together(a, b string) bool { return a == b || a == "" || b == "" }

// place keeps of what selects a workload's pods what is in its namespace. One that is left
// out is one alone: where what is taken for its own is in several, it is not known which of
// these belong to it, and none does.
func (o *Objects) place(w *workload) {
	w.services, w.budgets = sameNamespace(w, w.services), sameNamespace(w, w.budgets)
	if w.meta.Namespace != "" {
		return
	}
	in := o.scaledFrom(w)
	for _, s := range w.services {
		in = append(in, s.Value.Namespace)
	}
	for _, b := range w.budgets {
		in = append(in, b.Value.Namespace)
	}
	in = slices.DeleteFunc(in, func(namespace string) bool { return namespace == "" })
	slices.Sort(in)
	if in = slices.Compact(in); len(in) < 2 {
		return
	}
	w.several = in
	w.services = slices.DeleteFunc(w.services, func(s *podService) bool { return s.Value.Namespace != "" })
	w.budgets = slices.DeleteFunc(w.budgets, func(b *podBudget) bool { return b.Value.Namespace != "" })
}

// sameNamespace leaves those out whose namespace is only likely the workload's, where
// others are surely in it.
func sameNamespace[T interface{ GetNamespace() string }](w *workload, all []*selecting[T]) []*selecting[T] {
	var same []*selecting[T]
	for _, s := range all {
		if s.Value.GetNamespace() == w.meta.Namespace {
			same = append(same, s)
		}
	}
	if len(same) == 0 {
		return all
	}
	return same
}

// scaledFrom are the namespaces of the autoscalers of a workload without one; none where
// one of these has none either.
func (o *Objects) scaledFrom(w *workload) (in []string) {
	for _, h := range o.Autoscalers {
		if target := h.Value.Spec.ScaleTargetRef; groupOf(target) == "apps" && target.Kind == w.kind && target.Name == w.meta.Name {
			in = append(in, h.Value.Namespace)
		}
	}
	for _, s := range o.ScaledObjects {
		if s.Value.Spec.ScaleTargetRef.is(w) {
			in = append(in, s.Value.Namespace)
		}
	}
	for _, s := range o.HTTPScaledObjects {
		if s.Value.Spec.ScaleTargetRef.is(w) {
			in = append(in, s.Value.Namespace)
		}
	}
	if slices.Contains(in, "") {
		return nil
	}
	return in
}

// unplaced says of which workloads it is not known what belongs to them.
func unplaced(workloads []*workload) (notes []string) {
	var names, in []string
	for _, w := range workloads {
		if len(w.several) > 0 {
			names, in = append(names, w.String()), append(in, w.several...)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(in)
	return []string{fmt.Sprintf("which services, budgets and autoscalers belong to %s, as no namespace is written there and those that fit are in several (%s): give it with -n", someOf(names), strings.Join(slices.Compact(in), ", "))}
}
