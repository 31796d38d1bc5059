package lint

import (
	"cmp"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Severity is how bad a finding is.
type Severity string

// An Error loses requests whatever the program does, a Warning unless the
// program makes up for it in a way that no manifest shows. A Note is worth
// knowing and proves nothing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Severities are all of them, the worst first.
var Severities = []Severity{Error, Warning, Note}

// rank is 0 for the worst, and -1 for what is no severity.
func rank(s Severity) int { return slices.Index(Severities, s) }

// Place is where a finding is.
type Place struct {
	Namespace string `json:"namespace,omitempty"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Container string `json:"container,omitempty"`
	// Field is the path to the field, or to where it is missing.
	Field string `json:"field"`
	// File and Line are those of the field, or of the nearest one around it;
	// empty and 0 for an object from a cluster.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Finding is one place that breaks one rule.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Cause is the one that it leads to in a report; empty where it leads to
	// none by itself.
	Cause report.Cause `json:"cause,omitempty"`
	// Workload is kind/name of the workload whose requests are at stake; empty
	// where the finding is about how another object is written.
	Workload string `json:"workload"`
	// namespace is the workload's own, which may be left out where that of Place is not.
	namespace string
	Place     Place `json:"place"`
	// Why and Fix are a sentence each.
	Why string `json:"why"`
	Fix string `json:"fix"`
	// Patch is a strategic merge patch of the object in Place, in JSON; empty
	// where no change of the manifest alone would do.
	Patch string `json:"patch,omitempty"`
	// Recipe is where whole settings are that lose nothing, of the server that was
	// recognised or of all, where the fix depends on the server. Its Text is empty.
	Recipe *report.Recipe `json:"recipe,omitempty"`
}

// What every report is called in JSON.
const (
	apiVersion = "shutdowncheck/v1alpha1"
	reportKind = "LintReport"
)

// Report is what the rules found.
type Report struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Workloads are those that were looked at, as kind/name.
	Workloads []string `json:"workloads"`
	// FailOn is the least severity that counts: a finding as bad or worse fails.
	FailOn   Severity  `json:"failOn"`
	Findings []Finding `json:"findings"`
	// Ignored are findings that somebody gave a reason for. They never count.
	Ignored []IgnoredFinding `json:"ignored,omitempty"`
	// IdleIgnores have ignored nothing.
	IdleIgnores []IdleIgnore `json:"idleIgnores,omitempty"`
	// Known are findings that the baseline has, no worse than there. They never count.
	Known []Finding `json:"known,omitempty"`
	// Gone are the baseline's findings that were not found any more.
	Gone []Identity `json:"gone,omitempty"`
	// Errors say what is wrong with the manifests themselves, a line each: with any of them the
	// report is not whole, and the exit code is 2.
	Errors []string `json:"errors,omitempty"`
	// Notes say what could not be looked at.
	Notes []string `json:"notes,omitempty"`
	// NotJudged are the objects that make pods and that no rule looks at.
	NotJudged []NotJudged `json:"notJudged"`
}

// Count tells how many findings have the severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Severity == s {
			n++
		}
	}
	return n
}

// Reaches tells whether a finding is as bad as s or worse.
func (r *Report) Reaches(s Severity) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return rank(f.Severity) <= rank(s)
	})
}

// Failed tells whether a finding counts.
func (r *Report) Failed() bool { return r.Reaches(r.FailOn) }

// worstFirst keeps the order of the rules within a severity.
func worstFirst(a, b Finding) int {
	return cmp.Compare(rank(a.Severity), rank(b.Severity))
}
