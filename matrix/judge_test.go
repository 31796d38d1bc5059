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
	unattributed := func(failed, unattributed int) *report.Report {
		r := lost(report.NoDrain, report.Unknown)
		r.Streams = []report.Stream{{Failed: failed - 1, Unattributed: unattributed - 1}, {Failed: 1, Unattributed: 1}}
		return r
	}
	passedAll := unattributed(3, 3)
	passedAll.Verdict, passedAll.Findings = report.Passed, nil
	hooked := lost(report.NoDrain)
	hooked.Findings[0].Says, hooked.Findings[0].Fix.Text = "the hook was none", "Make the hook run first: it failed."

	for name, test := range map[string]struct {
		want Want
		o    outcome
		why  string // empty if the outcome is right
	}{
		"windows as the logs":   {passes().windows(2), outcome{0, clean, "", witness.Tally{Windows: 2}, nil}, ""},
		"too few windows":       {passes().windows(2), outcome{0, clean, "", witness.Tally{Windows: 1}, nil}, "the windows of 1 pods are known, of 2 wanted"},
		"a wrong window":        {passes().windows(2), outcome{0, clean, "", witness.Tally{Windows: 2, WrongWindows: 1}, nil}, "1 of 2 windows are not what"},
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
		"a wrong warning":       {passes().only(), outcome{0, clean, "", witness.Tally{}, nil}, `a warning of "sigterm-ignored"`},
		"of the other, too":     {quietly, outcome{0, clean, "", witness.Tally{}, nil}, `a warning of "sigterm-ignored"`},
		"the container":         {fails(report.NoDrain).patching("web"), outcome{1, both, "", witness.Tally{}, nil}, ""},
		"another container":     {fails(report.NoDrain).patching("helper"), outcome{1, both, "", witness.Tally{}, nil}, `["web"] instead of "helper"`},
		"no patch of any":       {fails(report.NoDrain).patching("web"), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, `[] instead of "web"`},
		"another cause it has":  {leaves().has(report.NoDrain), outcome{1, lost(report.ListenerClosedEarly, report.NoDrain), "", witness.Tally{}, nil}, ""},
		"a cause it has not":    {leaves().has(report.NoDrain), outcome{1, lost(report.ListenerClosedEarly), "", witness.Tally{}, nil}, `no failure is laid to "no-drain"`},
		"each cause it has":     {leaves().has(report.NoDrain, report.ListenerClosedEarly), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, `laid to "listener-closed-early"`},
		"a warned one is none":  {passes().has(report.SigtermIgnored), outcome{0, clean, "", witness.Tally{}, nil}, "no failure is laid to"},
		"not to be said":        {leaves().notSaying("OOMKilled"), outcome{1, lost(report.ListenerClosedEarly), "", witness.Tally{}, nil}, ""},
		"wrong in evidence":     {leaves().notSaying("seen: listener"), outcome{1, lost(report.ListenerClosedEarly), "", witness.Tally{}, nil}, `"seen: listener" is said`},
		"wrong in a reason":     {leaves().notSaying("some requests"), outcome{1, lost(report.NoDrain), "", witness.Tally{}, nil}, "is said"},
		"wrong in a warning":    {passes().notSaying("was killed"), outcome{0, clean, "", witness.Tally{}, nil}, "is said"},
		"wrong in a finding":    {leaves().notSaying("hook was none"), outcome{1, hooked, "", witness.Tally{}, nil}, "is said"},
		"wrong in a fix":        {leaves().notSaying("it failed"), outcome{1, hooked, "", witness.Tally{}, nil}, "is said"},
		"a fix that says so":    {leaves().advising("Handle SIGTERM"), outcome{1, wordy, "", witness.Tally{}, nil}, ""},
		"a patch that says so":  {leaves().advising(`"seconds":5`), outcome{1, both, "", witness.Tally{}, nil}, ""},
		"no fix says so":        {leaves().advising("Handle SIGTERM"), outcome{1, timed, "", witness.Tally{}, nil}, `no fix of "no-drain" has "Handle SIGTERM"`},
		"another cause's fix":   {fails(report.Unknown).advising("Handle SIGTERM"), outcome{1, lastFirst(wordy), "", witness.Tally{}, nil}, `no fix of "unknown"`},
		"advice without a loss": {passes().advising("Handle SIGTERM"), outcome{0, clean, "", witness.Tally{}, nil}, "no fix of"},
		"the other's fix":       {leaves().advising("Handle SIGTERM"), outcome{1, lost(report.ListenerClosedEarly), "", witness.Tally{}, nil}, `no fix of "listener-closed-early"`},
		"the other's advice":    {passes().or(fails(report.NoDrain)).notAdvising("Handle SIGTERM"), outcome{1, wordy, "", witness.Tally{}, nil}, "which it must not"},
		"wrong advice":          {leaves().notAdvising("Handle SIGTERM"), outcome{1, wordy, "", witness.Tally{}, nil}, "which it must not"},
		"a tenth has no cause":  {leaves(), outcome{1, unattributed(20, 2), "", witness.Tally{}, nil}, ""},
		"most have no cause":    {leaves(), outcome{1, unattributed(55, 53), "", witness.Tally{}, nil}, "53 of 55 failures are laid to nothing"},
		"more than a tenth":     {passes().or(fails(report.NoDrain)), outcome{1, unattributed(20, 3), "", witness.Tally{}, nil}, "3 of 20 failures"},
		"as is allowed":         {fails(report.NoDrain).or(fails(report.Unknown)), outcome{1, unattributed(55, 53), "", witness.Tally{}, nil}, ""},
		"within the budget":     {passes(), outcome{0, passedAll, "", witness.Tally{}, nil}, ""},
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

// lastFirst has the last of a report's findings cost the most.
func lastFirst(r *report.Report) *report.Report {
	turned := *r
	turned.Findings = slices.Clone(r.Findings)
	turned.Findings[len(turned.Findings)-1].Failed = 100
	return &turned
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
