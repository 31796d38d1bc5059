package matrix

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestJudge(t *testing.T) {
	lost := func(causes ...report.Cause) *report.Report {
		r := &report.Report{Verdict: report.Failed, Reasons: []string{"some requests failed"}}
		for i, cause := range causes {
			r.Findings = append(r.Findings, report.Finding{Cause: cause, Failed: 10 - i, Evidence: []string{"seen: " + string(cause)}})
		}
		return r
	}
	clean := &report.Report{Verdict: report.Passed, Warnings: []report.Warning{{Cause: report.SigtermIgnored, Text: "it was killed"}}}
	quietly := fails(report.NoDrain).or(warns(report.SigtermIgnored)).only(report.NoDrain)
	both := lost(report.NoDrain, report.NoDrain)
	both.Findings[0].Fix.Patch = `{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":5}}},"name":"web"}]}}}}`
	both.Findings[1].Fix.Patch = `{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":30}}}}`
	numberless := fails(report.NoDrain)
	numberless.FixNot = anyNumber
	wordy := lost(report.NoDrain, report.Unknown)
	wordy.Findings[0].Fix.Text = "Handle SIGTERM."
	timed := lost(report.NoDrain)
	timed.Findings[0].Fix.Text = "A preStop sleep of 10 s."
	nothing := &report.Report{Verdict: report.Inconclusive, Reasons: []string{"no pod ended"}}

	for name, test := range map[string]struct {
		want Want
		o    outcome
		why  string // empty if the outcome is right
	}{
		"passed":                {passes(), outcome{0, clean, "", witness.Tally{}, nil}, ""},
		"failed":                {fails(report.NoDrain), outcome{1, lost(report.NoDrain, report.Unknown), "", witness.Tally{}, nil}, ""},
		"a false alarm":         {passes(), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, "failed instead of passed"},
		"missed":                {fails(report.NoDrain), outcome{0, clean, "", witness.Tally{}, nil}, "passed instead of failed"},
		"another cause":         {fails(report.NoDrain), outcome{1, lost(report.Unknown, report.NoDrain), "", witness.Tally{}, nil}, `cause "unknown"`},
		"the sum decides":       {fails(report.NoDrain), outcome{1, lost(report.Unknown, report.NoDrain, report.NoDrain), "", witness.Tally{}, nil}, ""},
		"another exit code":     {fails(report.NoDrain), outcome{0, lost(report.NoDrain), "", witness.Tally{}, nil}, "exit code 0"},
		"warned":                {warns(report.SigtermIgnored), outcome{0, clean, "", witness.Tally{}, nil}, ""},
		"not warned":            {warns(report.GraceTooShort), outcome{0, clean, "", witness.Tally{}, nil}, `cause ""`},
		"evidence":              {fails(report.NoDrain).saying("seen: no-drain"), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, ""},
		"evidence is missing":   {fails(report.NoDrain).saying("OOMKilled"), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, "nothing says"},
		"inconclusive":          {proves("no pod ended"), outcome{3, nothing, "", witness.Tally{}, nil}, ""},
		"for another reason":    {proves("baseline"), outcome{3, nothing, "", witness.Tally{}, nil}, "nothing says"},
		"refused":               {refuses().saying("is paused"), outcome{4, nil, "x is paused", witness.Tally{}, nil}, ""},
		"refused, but not so":   {refuses().saying("is paused"), outcome{4, nil, "no cluster", witness.Tally{}, nil}, "nothing says"},
		"refused unexpectedly":  {passes(), outcome{4, nil, "no cluster", witness.Tally{}, nil}, "refused instead of passed"},
		"malformed":             {passes(), outcome{0, clean, "", witness.Tally{}, errors.New("no verdict")}, "malformed: no verdict"},
		"either, the first":     {fails(report.NoDrain).or(passes()), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, ""},
		"either, the other":     {fails(report.NoDrain).or(passes()), outcome{0, clean, "", witness.Tally{}, nil}, ""},
		"silent of what to say": {leaves().saying("OOMKilled"), outcome{1, lost(report.ListenerClosedEarly), "", witness.Tally{}, nil}, "nothing says"},
		"neither":               {fails(report.NoDrain).or(passes()), outcome{3, nothing, "", witness.Tally{}, nil}, "inconclusive instead of failed"},
		"a wrong cause too":     {fails(report.NoDrain).only(report.NoDrain), outcome{1, lost(report.NoDrain, report.Killed), "", witness.Tally{}, nil}, `9 failures are laid to "killed"`},
		"no claim is no wrong":  {fails(report.NoDrain).only(report.NoDrain), outcome{1, lost(report.NoDrain, report.Unknown), "", witness.Tally{}, nil}, ""},
		"a wrong warning":       {passes().never(report.SigtermIgnored), outcome{0, clean, "", witness.Tally{}, nil}, `a warning of "sigterm-ignored"`},
		"of the other, too":     {quietly, outcome{0, clean, "", witness.Tally{}, nil}, `a warning of "sigterm-ignored"`},
		"the container":         {fails(report.NoDrain).patching("web"), outcome{1, both, "", witness.Tally{}, nil}, ""},
		"another container":     {fails(report.NoDrain).patching("helper"), outcome{1, both, "", witness.Tally{}, nil}, `["web"] instead of "helper"`},
		"no patch of any":       {fails(report.NoDrain).patching("web"), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, `[] instead of "web"`},
		"no number in a fix":    {numberless, outcome{1, wordy, "", witness.Tally{}, nil}, ""},
		"a number in a fix":     {numberless, outcome{1, timed, "", witness.Tally{}, nil}, `the fix of "no-drain" has "0 s"`},
		"a number in a patch":   {numberless, outcome{1, both, "", witness.Tally{}, nil}, `has "\"seconds\":5"`},
		"bad usage":             {refuses().saying("is paused"), outcome{2, nil, "x is paused", witness.Tally{}, nil}, "exit code 2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(test.want, test.o)
			if r.Right != (test.why == "") || !strings.Contains(r.Why, test.why) {
				t.Errorf("right: %v, why: %q; want %q", r.Right, r.Why, test.why)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	failed := Result{ExpectedVerdict: report.Failed, GotVerdict: report.Failed, Right: true, Witness: witness.Tally{Placed: 200, Right: 198, Wrong: 2}}
	tests := map[string]struct {
		rows []Result
		want string // in the error; empty if there is none
	}{
		"all right":      {[]Result{failed}, ""},
		"a wrong row":    {[]Result{failed, {ExpectedVerdict: report.Passed, GotVerdict: report.Failed}}, "1 of 2 rows"},
		"wrong pods":     {[]Result{failed, {Right: true, ExpectedVerdict: report.Failed, Witness: witness.Tally{Placed: 10, Wrong: 1, Right: 9}}}, "only 207 of 210"},
		"a certain one":  {[]Result{{Right: true, ExpectedVerdict: report.Failed, Witness: witness.Tally{Placed: 1000, Right: 999, Wrong: 1, WrongCertain: 1}}}, "called certain"},
		"no pod to name": {[]Result{failed, {Right: true, ExpectedVerdict: report.Inconclusive, Witness: witness.Tally{Placed: 10, Unnamed: 10}}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := Summarize(test.rows, 1).Err()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("have %v, want %q", err, test.want)
			}
		})
	}
}

// A row's name is part of the name of its namespace, and no two may share it.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range slices.Concat(Rows("tool:dev"), FieldRows()) {
		if name := row.slug(); len(name) > 40 || seen[name] {
			t.Errorf("%q: the name %q is taken or too long", row.Name, name)
		} else {
			seen[name] = true
		}
		if c := row.check("demo").WithDefaults(); row.Disruption.Kind() == "" || c.Validate() != nil {
			t.Errorf("%s: %v", row.Name, c.Validate())
		}
	}
}

// The four quarters are all rows, each once.
func TestQuarter(t *testing.T) {
	rows := FieldRows()
	seen := map[string]int{}
	for from := range 4 {
		for _, row := range Quarter(rows, from+1) {
			seen[row.Name]++
		}
	}
	for _, row := range Quarter(rows, 0) {
		if seen[row.Name] != 1 {
			t.Errorf("%s is in %d quarters", row.Name, seen[row.Name])
		}
	}
}
