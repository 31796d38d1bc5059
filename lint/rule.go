package lint

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// rule is one piece of knowledge.
type rule struct {
	id    string
	cause report.Cause
	// doc says what the rule looks for, and its source.
	doc string
	// find reports each place that breaks it.
	find func(*workload, func(breach))
}

// breach is what a rule has to say about one place.
type breach struct {
	severity Severity
	// of is set where the place is not in the workload itself.
	of        *other
	container string
	field     string
	why, fix  string
	patch     string
	recipe    *report.Recipe
}

// other is an object beside the workload.
type other struct {
	kind, name string
	source     Source
}

// rules is the table of all rules. A new one goes into its theme's file.
var rules = slices.Concat(preStopRules, commandRules, probeRules, rolloutRules, disruptionRules, serviceRules)

// Lint judges the workloads among the objects, the worst findings first.
func Lint(o *Objects) *Report {
	r := &Report{APIVersion: "shutdowncheck/v1alpha1", Kind: "LintReport", Workloads: []string{}, Findings: []Finding{}}
	for _, w := range o.workloads() {
		r.Workloads = append(r.Workloads, w.String())
		for _, rule := range rules {
			rule.find(w, func(b breach) { r.Findings = append(r.Findings, rule.finding(w, b)) })
		}
	}
	slices.SortStableFunc(r.Findings, worstFirst)
	return r
}

func (r *rule) finding(w *workload, b breach) Finding {
	if b.of == nil {
		b.of = &other{kind: w.kind, name: w.meta.Name, source: w.source}
	}
	return Finding{
		Rule: r.id, Severity: b.severity, Cause: r.cause, Workload: w.String(),
		Place: Place{
			Namespace: w.meta.Namespace, Kind: b.of.kind, Name: b.of.name, Container: b.container,
			Field: b.field, File: b.of.source.File, Line: b.of.source.line(b.field),
		},
		Why: b.why, Fix: b.fix, Patch: b.patch, Recipe: b.recipe,
	}
}
