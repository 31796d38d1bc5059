package matrix

import (
	"fmt"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// outcome is how one run of the tool ended.
type outcome struct {
	exitCode int
	// report is nil if the run ended before there was one.
	report *report.Report
	// log is what the tool printed.
	log     string
	witness witness.Tally
	// malformed says where the report does not obey its published schema.
	malformed error
}

// exitCodes are those of the command line that go with the verdicts.
var exitCodes = map[Verdict]int{report.Passed: 0, report.Failed: 1, report.Inconclusive: 3, Refused: 4}

// judge compares an outcome with what is wanted.
func judge(want Want, o outcome) Result {
	r := Result{
		ExpectedVerdict: want.Verdict, ExpectedCause: want.Cause,
		GotVerdict: Refused, ExitCode: o.exitCode, Witness: o.witness,
	}
	said := o.log
	if o.report == nil {
		r.Reasons = []string{strings.TrimSpace(o.log)}
	} else {
		r.GotVerdict = o.report.Verdict
		r.GotCause = leadingCause(o.report)
		r.Reasons = o.report.Reasons
		for i := range o.report.Streams {
			s := &o.report.Streams[i]
			r.Sent += s.Sent
			r.Failed += s.Failed
			r.Attributed += s.Failed - s.Unattributed
			r.LatenessP99 = max(r.LatenessP99, time.Duration(s.LatenessP99).Seconds())
		}
		if want.Warning && r.GotCause == "" && warnsOf(o.report, want.Cause) {
			r.GotCause = want.Cause
		}
		said = strings.Join(words(o.report), "\n")
	}
	switch {
	case r.GotVerdict != want.Verdict:
		r.Why = fmt.Sprintf("%s instead of %s", r.GotVerdict, want.Verdict)
	case r.ExitCode != exitCodes[want.Verdict]:
		r.Why = fmt.Sprintf("exit code %d instead of %d", r.ExitCode, exitCodes[want.Verdict])
	case want.Verdict != report.Inconclusive && r.GotCause != want.Cause:
		r.Why = fmt.Sprintf("cause %q instead of %q", r.GotCause, want.Cause)
	case o.malformed != nil:
		r.Why = fmt.Sprintf("its report.json is malformed: %v", o.malformed)
	case want.Says != nil && !want.Says.MatchString(said):
		r.Why = fmt.Sprintf("nothing says %q", want.Says)
	}
	r.Right = r.Why == ""
	return r
}

// leadingCause is the one to which most failures are laid; empty if nothing
// failed.
func leadingCause(r *report.Report) report.Cause {
	failed := map[report.Cause]int{}
	var lead report.Cause
	for i := range r.Findings {
		cause := r.Findings[i].Cause
		failed[cause] += r.Findings[i].Failed
		if failed[cause] > failed[lead] {
			lead = cause
		}
	}
	return lead
}

func warnsOf(r *report.Report, cause report.Cause) bool {
	for i := range r.Warnings {
		if r.Warnings[i].Cause == cause {
			return true
		}
	}
	return false
}

// words are all that a report says in sentences.
func words(r *report.Report) []string {
	said := append([]string{}, r.Reasons...)
	for i := range r.Findings {
		said = append(said, r.Findings[i].Evidence...)
	}
	for _, w := range r.Warnings {
		said = append(said, w.Text)
	}
	return said
}
