package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// lintOutcomes tells of what lint said before the run whether that confirmed it. A cause
// is confirmed by a finding that is certain or likely, whatever rule led there; where the
// run gave it no occasion, or proved nothing, its absence says nothing.
func lintOutcomes(lint *recording.Lint, findings []report.Finding, warnings []report.Warning, verdict report.Verdict, had map[recording.Occasion]bool) *report.Lint {
	if lint == nil {
		return nil
	}
	outcome := func(f *recording.LintFinding) report.LintOutcome {
		cause := report.Cause(f.Cause)
		switch {
		case cause != "" && slices.ContainsFunc(findings, func(found report.Finding) bool { return found.Cause == cause && sure(found.Confidence) }):
			return report.LintConfirmed
		case cause != "" && slices.ContainsFunc(warnings, func(w report.Warning) bool { return w.Cause == cause }):
			return report.LintSeen
		case !had[f.ShownBy]:
			return report.LintNotTried
		case verdict == report.Inconclusive:
			return report.LintNotKnown
		default:
			return report.LintNotMet
		}
	}
	told := &report.Lint{Findings: make([]report.LintFinding, len(lint.Findings)), Notes: lint.Notes}
	for i := range lint.Findings {
		told.Findings[i] = report.LintFinding{LintFinding: lint.Findings[i], Outcome: outcome(&lint.Findings[i])}
	}
	return told
}

func sure(c report.Confidence) bool { return c == report.Certain || c == report.Likely }

// occasions are those that the run gave. A command that ended pods is taken for a rollout,
// as most are: helm upgrade, kubectl apply.
func occasions(ended []*account, disruptions []report.Disruption, starts *starts) map[recording.Occasion]bool {
	had := map[recording.Occasion]bool{
		recording.PodEnds:   slices.ContainsFunc(ended, func(a *account) bool { return a.Container == "" && a.wasReady && a.orderly() }),
		recording.PodStarts: len(starts.young) > 0,
	}
	for i := range disruptions {
		switch d := &disruptions[i]; check.DisruptionKind(d.Kind) {
		case check.KindRestart, check.KindImage:
			had[recording.Rollout] = true
		case check.KindCommand:
			had[recording.Rollout] = had[recording.Rollout] || len(d.Terminated) > 0
		case check.KindEvict, check.KindDrain:
			had[recording.Eviction] = true
		}
	}
	return had
}

// foreseen names, for each finding, the rules of lint that saw its cause in the manifest.
func foreseen(findings []report.Finding, lint *recording.Lint) []report.Finding {
	if lint == nil {
		return findings
	}
	told := slices.Clone(findings)
	for i := range told {
		for j := range lint.Findings {
			if f := &lint.Findings[j]; report.Cause(f.Cause) == told[i].Cause && !slices.Contains(told[i].Foreseen, f.Rule) {
				told[i].Foreseen = append(told[i].Foreseen, f.Rule)
			}
		}
	}
	return told
}
