package lint

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	// always says that it holds without any request too: the API server refuses it, or
	// it concerns drains.
	always bool
	patch  string
	recipe *report.Recipe
	// meant tells of an unknown field that it is one that is known.
	meant bool
}

// other is an object beside the workload. Its namespace is its own: one that the workload
// has, and it has not, is only likely the same.
type other struct {
	kind, namespace, name string
	source                Source
}

func otherOf[T metav1.Object](kind string, o Object[T]) other {
	return other{kind, o.Value.GetNamespace(), o.Value.GetName(), o.Source}
}

// rules is the table of the rules about workloads. A new one goes into its theme's file.
var rules = slices.Concat(preStopRules, pathRules, stopRules, []rule{signalsElsewhere}, commandRules, []rule{jvmIgnores, uwsgiReloads, sigtermUnhandled, reloaderCuts, sigtermCuts, pm2Kills, delayOutlasts, drainOutlasts, refused}, probeRules, dependencyRules, rolloutRules, []rule{replicasReset, autoscalerInert}, disruptionRules, serviceRules, portNameRules, []rule{selectsNone})

// writingRules are those about how an object is written; they are told while it is read.
var writingRules = []rule{unknownField, doubleField, removedAPI, sameObject}

// allRules are those of both kinds.
var allRules = slices.Concat(rules, writingRules)

// ruleNumber is the rule's place in the table, -1 where there is none.
func ruleNumber(id string) int {
	return slices.IndexFunc(allRules, func(r rule) bool { return r.id == id })
}

// Lint judges the workloads among the objects, the worst findings first.
func Lint(o *Objects) *Report {
	r := &Report{APIVersion: apiVersion, Kind: reportKind, Workloads: []string{}, FailOn: Warning, Findings: []Finding{}, NotJudged: o.NotJudged()}
	for _, set := range append([]*Objects{o}, o.Apart...) {
		judged := set.judge()
		r.Workloads = append(r.Workloads, judged.Workloads...)
		r.Findings = append(r.Findings, judged.Findings...)
		r.Ignored = append(r.Ignored, judged.Ignored...)
		r.IdleIgnores = append(r.IdleIgnores, judged.IdleIgnores...)
		r.Notes = append(append(r.Notes, judged.Notes...), set.Notes()...)
	}
	if len(r.Workloads) == 0 {
		r.Notes = append(r.Notes, "how pods end, as no Deployment, StatefulSet or DaemonSet of apps/v1 was read")
	}
	slices.SortStableFunc(r.Findings, worstFirst)
	return r
}

// judge gives what is found in these objects, without those that stand apart, and what
// their annotations ignore of it.
func (o *Objects) judge() *Report {
	r := &Report{}
	said := map[string]bool{}
	workloads := o.judged()
	for _, w := range workloads {
		r.Workloads = append(r.Workloads, w.String())
		for _, rule := range rules {
			rule.find(w, func(b breach) {
				if b.of == nil && rule.id != refused.id && w.void(b.field) {
					return
				}
				f := rule.finding(w, b.onto(w.traffic))
				// What is wrong with an object beside several workloads is said once.
				key := fmt.Sprint(f.Rule, f.Place, f.Why)
				if b.of == nil || !said[key] {
					r.Findings = append(r.Findings, f)
				}
				said[key] = true
			})
		}
	}
	r.Notes = append(o.unreached(workloads), unplaced(workloads)...)
	r.Findings = slices.Concat(r.Findings, o.refusedBeside(workloads), o.blockingAlone(workloads))
	for i := range o.written {
		r.Findings = append(r.Findings, o.written[i].finding())
	}
	slices.SortStableFunc(r.Findings, worstFirst)
	ignores, idle := o.annotated(workloads)
	r.IdleIgnores = idle
	r.Ignore(ignores...)
	if o.Only != "" {
		// What stands beside may ignore findings about others.
		r.IdleIgnores = slices.DeleteFunc(r.IdleIgnores, func(i IdleIgnore) bool { return i.From != annotationOf+o.Only })
	}
	return r
}

// onto makes a breach less severe where no request is known to reach the pods: an error
// loses requests for sure, and so takes more than ports that are declared for any use.
func (b breach) onto(t traffic) breach {
	switch {
	case b.always || b.severity == Note:
	case t <= unlikely:
		b.severity = Note
		b.why += " This is a note only, as nothing that was read leads users' requests to these pods."
	case t == presumed && b.severity == Error:
		b.severity = Warning
		b.why += " This is no error, as no service, route or port of the node was read that leads users' requests to these pods."
	}
	return b
}

// self is the workload as the object that has a breach.
func (w *workload) self() *other { return &other{w.kind, w.meta.Namespace, w.meta.Name, w.source} }

func (r *rule) finding(w *workload, b breach) Finding {
	if b.of == nil {
		b.of = w.self()
	}
	return Finding{
		Rule: r.id, Severity: b.severity, Cause: r.cause, Workload: w.String(),
		Place: Place{
			Namespace: b.of.namespace, Kind: b.of.kind, Name: b.of.name, Container: b.container,
			Field: b.field, File: b.of.source.File, Line: b.of.source.line(b.field),
		},
		Why: b.why, Fix: b.fix, Patch: b.patch, Recipe: b.recipe, namespace: w.meta.Namespace,
	}
}
