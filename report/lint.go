package report

import "github.com/shutdowncheck/shutdowncheck/recording"

// Lint is what the rules of `shutdowncheck lint` said of the workload's manifest before the
// run, and what became of each in it.
type Lint struct {
	Findings []LintFinding `json:"findings"`
	// Notes say what could not be looked at.
	Notes []string `json:"notes,omitempty"`
}

// LintFinding is one place that breaks a rule.
type LintFinding struct {
	recording.LintFinding
	Outcome LintOutcome `json:"outcome"`
}

// LintOutcome is what a run showed of what a rule says.
type LintOutcome string

// The outcomes.
const (
	// LintConfirmed is a finding whose cause cost requests, certainly or likely.
	LintConfirmed LintOutcome = "confirmed"
	// LintSeen is one whose cause was warned of, and cost none.
	LintSeen LintOutcome = "seen"
	// LintNotMet is one that had its occasion and cost nothing. It may the next time.
	LintNotMet LintOutcome = "not-met"
	// LintNotTried is one that had no occasion in this run, which says nothing of it.
	LintNotTried LintOutcome = "not-tried"
	// LintNotKnown is one of a run that proved nothing.
	LintNotKnown LintOutcome = "not-known"
)
