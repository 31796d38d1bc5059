package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// lintOutcomes tells of what lint said before the run whether that confirmed it. A cause
// is confirmed by a finding that is certain or likely, whatever rule led there, if that may
// have shown what the rule is about. Where the run gave it no occasion, or proved nothing,
// its absence says nothing.
func lintOutcomes(lint *recording.Lint, findings []report.Finding, warnings []report.Warning, verdict report.Verdict, had map[recording.Occasion]bool) *report.Lint {
	if lint == nil {
		return nil
	}
	outcome := func(f *recording.LintFinding) report.LintOutcome {
		cause := report.Cause(f.Cause)
		switch {
		case slices.ContainsFunc(findings, func(found report.Finding) bool { return sure(found.Confidence) && lostByPublishing(&found, f) }):
			return report.LintConfirmed
		case cause != "" && mayShow(lint, f, had) && slices.ContainsFunc(findings, func(found report.Finding) bool { return found.Cause == cause && sure(found.Confidence) }):
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
	had[recording.ListedNotReady] = had[recording.PodStarts] ||
		slices.ContainsFunc(ended, func(a *account) bool { return a.Container == "" && a.wasReady && a.orderly() && a.published })
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

// publishesNotReady is lint's rule on Services that list pods whether they are ready or not.
const publishesNotReady = "publishes-not-ready"

// lostByPublishing tells whether a finding was lost through what the rule on
// publishNotReadyAddresses is about, though its cause is another one than the rule's: ending
// pods stay listed as well. No start of a pod is needed to show that.
func lostByPublishing(found *report.Finding, f *recording.LintFinding) bool {
	return f.Rule == publishesNotReady && found.StayedListed
}

// mayShow tells whether a finding of the rule's cause may have come of what the rule is about:
// the run gave it an occasion (a rollout shows nothing of budgets), or there is none to give
// and no other rule of that cause had its own.
func mayShow(lint *recording.Lint, f *recording.LintFinding, had map[recording.Occasion]bool) bool {
	if f.ShownBy != "" {
		return had[f.ShownBy]
	}
	return !slices.ContainsFunc(lint.Findings, func(other recording.LintFinding) bool { return other.Cause == f.Cause && had[other.ShownBy] })
}

// foreseen names, for each finding, the rules of lint that saw its cause in the manifest, as
// far as it may have shown what they are about.
func foreseen(findings []report.Finding, lint *recording.Lint, had map[recording.Occasion]bool) []report.Finding {
	if lint == nil {
		return findings
	}
	told := slices.Clone(findings)
	for i := range told {
		for j := range lint.Findings {
			if f := &lint.Findings[j]; (report.Cause(f.Cause) == told[i].Cause && mayShow(lint, f, had) || lostByPublishing(&told[i], f)) && !slices.Contains(told[i].Foreseen, f.Rule) {
				told[i].Foreseen = append(told[i].Foreseen, f.Rule)
			}
		}
	}
	return told
}
