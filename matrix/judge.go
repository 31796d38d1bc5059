package matrix

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"

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

// judge compares an outcome with what is wanted, and if that is not it with what
// is as true. Of several that it is not, the one with its verdict and cause says
// what is wrong.
func judge(want Want, o outcome) Result {
	closest := judgeOne(want, o)
	for or := want.Or; !closest.Right && or != nil; or = or.Or {
		other := *or
		other.MustNot, other.Container, other.FixNot = want.MustNot, want.Container, want.FixNot
		other.Says = cmp.Or(other.Says, want.Says)
		if r := judgeOne(other, o); r.Right || r.GotVerdict == r.ExpectedVerdict && r.GotCause == r.ExpectedCause {
			closest = r
		}
	}
	return closest
}

func judgeOne(want Want, o outcome) Result {
	r := Result{
		ExpectedVerdict: want.Verdict, ExpectedCause: want.Cause, MustNot: want.MustNot, Container: want.Container,
		GotVerdict: Refused, ExitCode: o.exitCode, Witness: o.witness,
	}
	said := o.log
	if o.report == nil {
		r.Reasons = []string{strings.TrimSpace(o.log)}
	} else {
		r.GotVerdict = o.report.Verdict
		r.GotCause = leadingCause(o.report)
		r.Causes, r.Warned, r.Patched = namedBy(o.report)
		r.Reasons = o.report.Reasons
		for i := range o.report.Streams {
			s := &o.report.Streams[i]
			r.Sent += s.Sent
			r.Failed += s.Failed
			r.Attributed += s.Failed - s.Unattributed
			r.LatenessP99 = max(r.LatenessP99, time.Duration(s.LatenessP99).Seconds())
		}
		if want.Warning && r.GotCause == "" && slices.Contains(r.Warned, want.Cause) {
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
	default:
		r.Why = cmp.Or(r.wrongName(), wrongFix(want.FixNot, o.report))
	}
	r.Right = r.Why == ""
	return r
}

// wrongName says which cause or container is named that must not be; empty for
// none.
func (r *Result) wrongName() string {
	for _, cause := range r.MustNot {
		if n := r.Causes[cause]; n > 0 {
			return fmt.Sprintf("%d failures are laid to %q, which it is not", n, cause)
		}
		if slices.Contains(r.Warned, cause) {
			return fmt.Sprintf("a warning of %q, which it is not", cause)
		}
	}
	if r.Container != "" && !slices.Equal(r.Patched, []string{r.Container}) {
		return fmt.Sprintf("the patches are for the containers %q instead of %q", r.Patched, r.Container)
	}
	return ""
}

// wrongFix says which fix has what must not be in it; empty for none.
func wrongFix(not *regexp.Regexp, r *report.Report) string {
	if not == nil || r == nil {
		return ""
	}
	for i := range r.Findings {
		fix := &r.Findings[i].Fix
		if found := not.FindString(fix.Text + "\n" + fix.Patch); found != "" {
			return fmt.Sprintf("the fix of %q has %q, which it must not", r.Findings[i].Cause, found)
		}
	}
	return ""
}

// namedBy gives how many failures the findings lay to each cause, the causes that
// are warned of, and the containers that the patches change.
func namedBy(r *report.Report) (failed map[report.Cause]int, warned []report.Cause, containers []string) {
	failed = map[report.Cause]int{}
	for i := range r.Findings {
		failed[r.Findings[i].Cause] += r.Findings[i].Failed
		containers = append(containers, patched(r.Findings[i].Fix.Patch)...)
	}
	for _, w := range r.Warnings {
		if w.Cause != "" {
			warned = append(warned, w.Cause)
		}
	}
	slices.Sort(warned)
	slices.Sort(containers)
	return failed, slices.Compact(warned), slices.Compact(containers)
}

// patched gives the names of the containers that a patch of a workload changes. A
// patch without any changes none.
func patched(patch string) (names []string) {
	var workload appsv1.Deployment
	if json.Unmarshal([]byte(patch), &workload) != nil {
		return nil
	}
	pod := workload.Spec.Template.Spec
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		names = append(names, c.Name)
	}
	return names
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
