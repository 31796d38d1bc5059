package render

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The words of this file are those of every format: what one calls a thing, the
// others call it too.

// ended names what ended: a pod, or one container of a pod that went on.
func ended(t *report.Termination) string {
	if t.Container == "" {
		return t.Pod
	}
	return t.Pod + " (container " + t.Container + ")"
}

// exitCode is "?" where nobody saw it.
func exitCode(t *report.Termination) string {
	if t.ExitCode == nil {
		return "?"
	}
	return fmt.Sprint(*t.ExitCode)
}

// sureness follows a cause's name: " (certain)".
func sureness(f *report.Finding) string {
	if f.Confidence == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", f.Confidence)
}

// failed tells how many requests a finding is about, and in which part of the
// termination.
func failed(r *report.Report, f *report.Finding) string {
	return fmt.Sprintf("%s failed %s", count(f.Failed, "request"), phase(r, f))
}

// lossesHead heads the findings. That nothing was lost is said of a pass alone: a run that
// is inconclusive has proven nothing of the kind, and one may fail by its latency.
func lossesHead(r *report.Report) string {
	sent, failed, own := 0, 0, 0
	for i := range r.Streams {
		s := &r.Streams[i]
		sent, failed, own = sent+s.Sent, failed+s.Failed, own+s.Client
	}
	switch {
	case len(r.Findings) > 0:
		return "Why requests failed, and what to change"
	case failed > 0:
		return "Requests failed, and no cause is known"
	case sent == 0:
		return "No request was sent"
	case own > 0:
		return "Requests failed on this tool's own side"
	case r.Verdict == report.Inconclusive:
		return "No request failed, which proves nothing here"
	case r.Verdict == report.Failed:
		return "No request failed"
	default:
		return "Nothing was lost"
	}
}

// losses tells how many requests a finding is about, and when they failed.
func losses(r *report.Report, f *report.Finding) string {
	text := failed(r, f)
	if f.SinceSigterm != nil {
		text += ", " + aroundSignal(*f.SinceSigterm, stopSignal(r, f))
	}
	return text
}

// sigterm is the stop signal of pods that ask for no other.
const sigterm = "SIGTERM"

// phase tells in which part of the termination the requests of a finding failed. Its
// name says SIGTERM, whatever the stop signal is.
func phase(r *report.Report, f *report.Finding) string {
	return strings.ReplaceAll(f.Phase, sigterm, stopSignal(r, f))
}

// stopSignal names the signal by which the pods of a finding were told to stop, if all
// were by the same.
func stopSignal(r *report.Report, f *report.Finding) string {
	shared := ""
	for i := range r.Terminations {
		end := &r.Terminations[i]
		if end.Container != "" || !slices.Contains(f.Pods, end.Pod) {
			continue
		}
		signal := cmp.Or(end.StopSignal, sigterm)
		if shared != "" && signal != shared {
			return "the stop signal"
		}
		shared = signal
	}
	return cmp.Or(shared, sigterm)
}

// fixInFull is finding i's fix or, where an earlier finding has the same one, a word of
// that: the fix belongs to the cause, and is told once. A patch that an earlier finding has
// is told once, too.
func fixInFull(findings []report.Finding, i int) report.Fix {
	fix := findings[i].Fix
	for j := range findings[:i] {
		if same(findings[j].Fix, fix) {
			return report.Fix{Text: fmt.Sprintf("the same as for %d.", j+1)}
		}
	}
	for j := range findings[:i] {
		if fix.Patch != "" && findings[j].Fix.Patch == fix.Patch {
			fix.Text += fmt.Sprintf(" The patch is that of finding %d.", j+1)
			fix.Patch = ""
		}
	}
	return fix
}

// same tells of two fixes that they say the same in text, patch and recipe.
func same(a, b report.Fix) bool {
	recipes := a.Recipe == b.Recipe || a.Recipe != nil && b.Recipe != nil && *a.Recipe == *b.Recipe
	return recipes && a.Text == b.Text && a.Patch == b.Patch
}

// fixInShort is the first sentence of that.
func fixInShort(findings []report.Finding, i int) string {
	return firstSentence(fixInFull(findings, i).Text)
}

// sentenceEnd is a full stop before a word that begins with a capital letter:
// neither the one of "e.g. a hook" nor that of "3.5 s" is.
var sentenceEnd = regexp.MustCompile(`\.\s+\p{Lu}`)

func firstSentence(text string) string {
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		return text[:end[0]+1]
	}
	return text
}

// streamName names a stream, and its kind where that is not the common one.
func streamName(s *report.Stream) string {
	if s.Kind == "" {
		return s.Name
	}
	return s.Name + " " + ofKind(s)
}

func ofKind(s *report.Stream) string { return fmt.Sprintf("(%s)", s.Kind) }

// sums are the cells of a stream's row behind its name.
func sums(s *report.Stream) []string {
	return []string{
		fmt.Sprint(s.Sent), fmt.Sprint(s.OK), fmt.Sprint(s.Failed), fmt.Sprint(s.Maskable), fmt.Sprint(s.Client), fmt.Sprint(s.Unfinished),
		short(s.Latency.P50), short(s.Latency.P99), short(s.Latency.Max),
	}
}

// sumsHead names them.
var sumsHead = []string{"sent", "ok", "failed", "maskable", "client", "unfinished", "p50", "p99", "max"}

// evidence is what a finding rests on, after whom it concerns.
func evidence(f *report.Finding) []string {
	lines := []string{"Streams: " + strings.Join(f.Streams, ", ")}
	if len(f.Pods) > 0 {
		lines = append(lines, "Pods: "+strings.Join(f.Pods, ", "))
	}
	lines = append(lines, f.Evidence...)
	if said := foreseen(f); said != "" {
		lines = append(lines, said)
	}
	return lines
}

// doing names a disruption, with what it was done to where that is a part of the cluster.
func doing(d *report.Disruption) string {
	if d.Detail == "" {
		return d.Kind
	}
	return d.Kind + " of " + d.Detail
}

// outcome tells what a disruption came to.
func outcome(d *report.Disruption) string {
	text := count(len(d.Terminated)-d.Containers, "pod") + " ended"
	switch {
	case d.Containers == len(d.Terminated) && d.Containers > 0:
		text = count(d.Containers, "container") + " ended"
	case d.Containers > 0:
		text = count(len(d.Terminated)-d.Containers, "pod") + " and " + count(d.Containers, "container") + " ended"
	}
	switch {
	case d.Took != nil:
		text += ", steady after " + short(*d.Took)
	case d.Unsteady != "":
		text += "; not steady: " + d.Unsteady
	}
	return text
}

func warning(w report.Warning) string {
	if w.Cause == "" {
		return w.Text
	}
	return fmt.Sprintf("%s [%s]", w.Text, w.Cause)
}

// patchCommand is a command in two parts, for one line or two: the patch is the last
// of its words.
func patchCommand(r *report.Report, f *report.Finding) (command, patch string) {
	return shell.Line("kubectl patch %s -n %s --patch", r.Workload, r.Namespace), shell.Word(f.Fix.Patch)
}

// recipeFor says whose setting a recipe tells, and how that server was recognised, and
// what a link to it is called.
func recipeFor(r *report.Recipe) (whose, link string) {
	if r.Server == "" {
		return "Settings of common servers", "Recipes"
	}
	whose = "In " + r.Server
	switch r.RecognisedBy {
	case "command":
		whose += ", as the container's command says"
	case "image":
		whose += ", as the image is called"
	}
	return whose, "The whole recipe"
}

// site is an address of another site, without blanks, line ends, < and >; empty where
// it is none, as what a report says may come from anywhere.
func site(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}

// shortestOutage is the power of a stream, empty where it is not known, and of a run that
// did not come to its end, which saw only a part of what it was to see.
func shortestOutage(r *report.Report, stream string) string {
	if power := r.Power[stream]; power > 0 && r.Validity.Complete {
		return short(power)
	}
	return ""
}

// shortestOutages tells the power of each stream; empty where none is known.
func shortestOutages(r *report.Report) string {
	var seen []string
	for _, s := range r.Streams {
		if power := shortestOutage(r, s.Name); power != "" {
			seen = append(seen, power+" by "+s.Name)
		}
	}
	if len(seen) == 0 {
		return ""
	}
	return "Shortest outage of one pod that would have been seen with a probability of 99%: " + strings.Join(seen, ", ") + "."
}

// clean replaces what a terminal or a page would obey instead of showing it.
func clean(s string) string { return text.Clean(s) }

// aroundSignal places moments that are counted from the stop signal.
func aroundSignal(s report.Span, signal string) string {
	switch {
	case s.To < 0:
		return span(report.Span{From: -s.To, To: -s.From}) + " before " + signal
	case s.From < 0:
		return "from " + short(-s.From) + " before to " + short(s.To) + " after " + signal
	default:
		return span(s) + " after " + signal
	}
}

// span writes two times, or one where they look the same.
func span(s report.Span) string {
	from, to := short(s.From), short(s.To)
	if from == to {
		return from
	}
	return from + " to " + to
}

func margin(d *report.Duration) string {
	if d == nil {
		return "?"
	}
	return short(*d)
}

// sinceSeen is the time from the first sight of a deletion. What came earlier has none: a
// pod's last answer, or the change of its slice, may be seen before its deletion is.
func sinceSeen(d *report.Duration) string {
	if d != nil && *d < 0 {
		return "before"
	}
	return margin(d)
}

func short(d report.Duration) string { return text.Duration(time.Duration(d)) }

func count(n int, noun string) string { return text.Count(n, noun) }

func upperFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
