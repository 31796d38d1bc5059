package render

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// outcomeWords say what a run showed of what lint had said.
var outcomeWords = map[report.LintOutcome]string{
	report.LintConfirmed: "confirmed, it cost requests",
	report.LintSeen:      "seen, at no cost this time",
	report.LintNotMet:    "not met: nothing was lost to it this time",
	report.LintNotTried:  "not tried: nothing in this run could show it",
	report.LintNotKnown:  "not known: this run proved nothing",
}

// lintLines tell of the errors and warnings of lint, and of its notes that the run
// confirmed or saw; others counts the rest, and says what could not be looked at.
func lintLines(r *report.Report) (lines []string, others string) {
	if r.Lint == nil {
		return nil, ""
	}
	rest := 0
	for i := range r.Lint.Findings {
		f := &r.Lint.Findings[i]
		if f.Severity == "note" && f.Outcome != report.LintConfirmed && f.Outcome != report.LintSeen {
			rest++
			continue
		}
		lines = append(lines, fmt.Sprintf("%s (%s, %s): %s %s", f.Rule, f.Severity, lintPlace(f), upperFirst(outcomeWords[f.Outcome])+".", f.Why))
	}
	var ends []string
	if rest > 0 {
		ends = append(ends, count(rest, "more note")+": "+shell.Line("shutdowncheck lint %s -n %s", r.Workload, r.Namespace))
	}
	if len(r.Lint.Notes) > 0 {
		ends = append(ends, "Not looked at: "+strings.Join(r.Lint.Notes, "; "))
	}
	return lines, strings.Join(ends, ". ")
}

func lintPlace(f *report.LintFinding) string {
	if f.Container != "" {
		return "container " + f.Container
	}
	return f.Object
}

// foreseen says which rules of lint saw the finding's cause before the run; empty if none
// did.
func foreseen(f *report.Finding) string {
	if len(f.Foreseen) == 0 {
		return ""
	}
	return "lint sees it in the manifest: " + strings.Join(f.Foreseen, ", ")
}
