package lint

import (
	"strings"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// occasions say of each rule what has to happen for that which it finds to show in a run.
// A rule that has none is about what no run brings about, or need not: a service that
// stalls, a client that does not look the name up again, a balancer that the requests of
// the run do not come by, how files are written.
var occasions = map[string]recording.Occasion{
	"no-prestop":                recording.PodEnds,
	"prestop-short":             recording.PodEnds,
	"prestop-eats-grace":        recording.PodEnds,
	"prestop-length-unknown":    recording.PodEnds,
	"prestop-needs-binary":      recording.PodEnds,
	"grace-short":               recording.PodEnds,
	"drain-outlasts-grace":      recording.PodEnds,
	"grace-zero":                recording.PodEnds,
	"shell-pid-1":               recording.PodEnds,
	"mesh-proxy-order":          recording.PodEnds,
	"prestop-fails":             recording.PodEnds,
	"prestop-get":               recording.PodEnds,
	"prestop-quits-early":       recording.PodEnds,
	"prestop-quits-fast":        recording.PodEnds,
	"stop-signal":               recording.PodEnds,
	"jvm-ignores-sigterm":       recording.PodEnds,
	"sigterm-unhandled":         recording.PodEnds,
	"delay-outlasts-grace":      recording.PodEnds,
	"pm2-kills":                 recording.PodEnds,
	"reloader-cuts":             recording.PodEnds,
	"sigterm-cuts":              recording.PodEnds,
	"uwsgi-reloads":             recording.PodEnds,
	"prestop-signals-elsewhere": recording.PodEnds,
	"shell-cuts-short":          recording.PodEnds,
	"dependency-ends-first":     recording.PodEnds,
	"no-readiness-probe":        recording.PodStarts,
	"readiness-other-port":      recording.PodStarts,
	"publishes-not-ready":       recording.ListedNotReady,
	"one-replica":               recording.Eviction,
	"no-budget":                 recording.Eviction,
	"budget-blocks":             recording.Eviction,
	"several-budgets":           recording.Eviction,
	"recreate":                  recording.Rollout,
	"rollout-leaves-none":       recording.Rollout,
	"rollout-halves":            recording.Rollout,
	"host-port-surge":           recording.Rollout,
	"claim-holds-rollout":       recording.Rollout,
	"probe-port-unknown":        recording.Rollout,
	"command-fails":             recording.Rollout,
	"probe-fails":               recording.Rollout,
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
