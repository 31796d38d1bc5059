package lint

import (
	"strings"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// occasions say of each rule what has to happen for that which it finds to show in a run.
// A rule that has none is about what no run brings about: a service that stalls, or a
// client that does not look the name up again.
var occasions = map[string]recording.Occasion{
	"no-prestop":             recording.PodEnds,
	"prestop-short":          recording.PodEnds,
	"prestop-eats-grace":     recording.PodEnds,
	"prestop-length-unknown": recording.PodEnds,
	"prestop-needs-binary":   recording.PodEnds,
	"grace-zero":             recording.PodEnds,
	"shell-pid-1":            recording.PodEnds,
	"mesh-proxy-order":       recording.PodEnds,
	"no-readiness-probe":     recording.PodStarts,
	"readiness-other-port":   recording.PodStarts,
	"publishes-not-ready":    recording.PodStarts,
	"one-replica":            recording.Eviction,
	"no-budget":              recording.Eviction,
	"budget-blocks":          recording.Eviction,
	"several-budgets":        recording.Eviction,
	"recreate":               recording.Rollout,
	"rollout-leaves-none":    recording.Rollout,
	"rollout-halves":         recording.Rollout,
	"host-port-surge":        recording.Rollout,
}

// Recorded gives the report as a run keeps it.
func (r *Report) Recorded() *recording.Lint {
	kept := &recording.Lint{Findings: []recording.LintFinding{}, Notes: r.Notes}
	for i := range r.Findings {
		f := &r.Findings[i]
		kept.Findings = append(kept.Findings, recording.LintFinding{
			Rule: f.Rule, Severity: string(f.Severity), Cause: string(f.Cause), Object: strings.ToLower(f.Place.Kind) + "/" + f.Place.Name,
			Container: f.Place.Container, Field: f.Place.Field, Why: f.Why, ShownBy: occasions[f.Rule],
		})
	}
	return kept
}
