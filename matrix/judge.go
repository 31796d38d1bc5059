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
// what is wrong. Whichever it is, most failures have to have a cause.
func judge(want Want, o outcome) Result {
	closest := judgeOne(want, o)
	for or := want.Or; !closest.Right && or != nil; or = or.Or {
		other := *or
		other.Has, other.MustNot, other.Container = want.Has, want.MustNot, want.Container
		other.SaysNot, other.FixNot, other.Windows = want.SaysNot, want.FixNot, want.Windows
		other.Says, other.FixSays = cmp.Or(other.Says, want.Says), cmp.Or(other.FixSays, want.FixSays)
		if r := judgeOne(other, o); r.Right || r.GotVerdict == r.ExpectedVerdict && r.GotCause == r.ExpectedCause {
			closest = r
		}
	}
	if closest.Right && !want.leavesOpen() {
		closest.Why = closest.unexplained()
		closest.Right = closest.Why == ""
	}
	return closest
}

// leavesOpen tells whether it is as true that failures have no cause.
func (w Want) leavesOpen() bool {
	return w.Cause != "" && !w.Cause.Explains() || w.Or != nil && w.Or.leavesOpen()
}

// unexplained says that too many failures are laid to nothing, several and more than one in
// ten; empty where they are not, or where the run did not fail. The cause of the most may be
// that of few.
func (r *Result) unexplained() string {
	if open := r.Failed - r.Attributed; r.GotVerdict == report.Failed && open > 1 && 10*open > r.Failed {
		return fmt.Sprintf("%d of %d failures are laid to nothing", open, r.Failed)
	}
	return ""
}

func judgeOne(want Want, o outcome) Result {
	r := Result{
		ExpectedVerdict: want.Verdict, ExpectedCause: want.Cause, Has: want.Has, MustNot: want.MustNot, Container: want.Container,
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
	case r.Witness.Windows < want.Windows:
		r.Why = fmt.Sprintf("the windows of %d pods are known, of %d wanted", r.Witness.Windows, want.Windows)
	case want.Windows > 0 && r.Witness.WrongWindows > 0:
		r.Why = fmt.Sprintf("%d of %d windows are not what the pods' logs tell", r.Witness.WrongWindows, r.Witness.Windows)
	default:
		r.Why = cmp.Or(r.wrongName(), wrongWord(want.SaysNot, o.report), missingFix(&want, o.report), wrongFix(want.FixNot, o.report))
	}
	r.Right = r.Why == ""
	return r
}

// wrongName says which cause or container is named that must not be, or is not and
// must be; empty for none.
func (r *Result) wrongName() string {
	for _, cause := range r.Has {
		if r.Causes[cause] == 0 {
			return fmt.Sprintf("no failure is laid to %q, which cost some", cause)
		}
	}
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

// wrongWord says what is said that must not be; empty for nothing.
func wrongWord(not *regexp.Regexp, r *report.Report) string {
	if not == nil || r == nil {
		return ""
	}
	said := words(r)
	for i := range r.Findings {
		said = append(said, r.Findings[i].Says, r.Findings[i].Fix.Text)
	}
	for _, line := range said {
		if found := not.FindString(line); found != "" {
			return fmt.Sprintf("%q is said, which must not be: %s", found, line)
		}
	}
	return ""
}

// missingFix says that no fix of the wanted cause has what must be in it; empty if one
// has.
func missingFix(want *Want, r *report.Report) string {
	if want.FixSays == nil {
		return ""
	}
	for i := 0; r != nil && i < len(r.Findings); i++ {
		if f := &r.Findings[i]; f.Cause == want.Cause && want.FixSays.MatchString(advice(&f.Fix)) {
			return ""
		}
	}
	return fmt.Sprintf("no fix of %q has %q", want.Cause, want.FixSays)
}

// wrongFix says which fix has what must not be in it; empty for none.
func wrongFix(not *regexp.Regexp, r *report.Report) string {
	if not == nil || r == nil {
		return ""
	}
	for i := range r.Findings {
		if found := not.FindString(advice(&r.Findings[i].Fix)); found != "" {
			return fmt.Sprintf("the fix of %q has %q, which it must not", r.Findings[i].Cause, found)
		}
	}
	return ""
}

// advice is what a fix says, and its patch.
func advice(fix *report.Fix) string { return fix.Text + "\n" + fix.Patch }

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

// words are all that a report says in sentences of what was seen.
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
