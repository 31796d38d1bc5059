package render

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

//go:embed page/page.tmpl
var pageText string

//go:embed page/page.css
var pageStyle string

// pageScript is made of page/src, with ECharts in it, by `make page`.
//
//go:embed page/page.js
var pageScript string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML writes the report as one page that asks nobody for anything: its policy
// forbids the browser to. The words stand in the page itself; the script draws
// the picture, which needs Report.Picture, and does nothing else that matters.
func HTML(w io.Writer, r *report.Report) error {
	var drawn picture
	packed := ""
	if r.Picture != nil {
		drawn = draw(r)
		var err error
		if packed, err = packPicture(drawn); err != nil {
			return fmt.Errorf("write the report as HTML: %w", err)
		}
	}
	check, err := checkText(r)
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	hash := sha256.Sum256([]byte(pageScript))
	page := pageWords{
		Policy: "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src 'sha256-" +
			base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:     template.CSS(pageStyle),
		Script:    template.JS(pageScript),
		Picture:   packed,
		Late:      len(drawn.Late) > 0,
		Marks:     len(drawn.Marks.Sent) > 0,
		Class:     string(r.Verdict),
		Verdict:   upperFirst(string(r.Verdict)),
		Workload:  clean(r.Workload),
		Namespace: clean(r.Namespace),
		Via:       viaWords(r),
		Reasons:   text.CleanAll(r.Reasons),
		When: fmt.Sprintf("%s, %s long", r.Began.UTC().Format("2 January 2006, 15:04:05 UTC"),
			short(report.Duration(r.Ended.Sub(r.Began)))),
		Streams:      streamTable(r),
		Senders:      senderTable(r),
		Terminations: terminationTable(r),
		Losses:       lossesHead(r),
		Windows:      clean(windowsLine(r)),
		Paths:        pathTable(r),
		Validity:     append(validityLines(r), lateLines(r, drawn.Late)...),
		Check:        check,
	}
	for i := range r.Findings {
		page.Findings = append(page.Findings, findingWords(i, r))
	}
	for _, w := range r.Warnings {
		page.Warnings = append(page.Warnings, clean(warning(w)))
		if w.Cause != "" {
			page.Weaknesses = append(page.Weaknesses, clean(warning(w)))
		}
	}
	lint, others := lintLines(r)
	page.Lint, page.LintOthers = text.CleanAll(lint), clean(others)
	page.WarningCount = count(len(r.Warnings), "warning")
	for i := range r.Disruptions {
		page.Disruptions = append(page.Disruptions, disruptionWords(i+1, &r.Disruptions[i]))
	}
	if err := pageTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return nil
}

// pageWords are what the template says.
type pageWords struct {
	Policy  string
	Style   template.CSS
	Script  template.JS
	Picture string
	// Late tells that the picture has times in which requests went out late, Marks that it
	// has failed requests.
	Late, Marks                        bool
	Class                              string
	Verdict, Workload, Namespace, When string
	// Via says which balancer was played; empty where none was.
	Via                               string
	Reasons, Warnings, Validity, Lint []string
	// LintOthers counts what is not among Lint.
	LintOthers string
	// Weaknesses are the warnings of what may cost requests the next time.
	Weaknesses            []string
	WarningCount          string
	Streams, Terminations pageTable
	// Windows says for how long pods went on answering on their own addresses, Paths which
	// paths that is enough for.
	Windows string
	Paths   pageTable
	// Senders has no rows where the program itself sent.
	Senders pageTable
	// Losses heads the findings.
	Losses      string
	Findings    []pageFinding
	Disruptions []pageDisruption
	Check       string
}

func viaWords(r *report.Report) string {
	if r.Via == nil {
		return ""
	}
	return clean(r.Via.Says)
}

type pageTable struct {
	Head []string
	Rows [][]string
}

type pageFinding struct {
	Number                             int
	Cause, Sureness, Losses, Says, Fix string
	// Failed and FixInShort are the losses and the fix in one line.
	Failed, FixInShort string
	Patch              string
	Recipe             *pageRecipe
	Evidence           []string
}

type pageRecipe struct{ Whose, Text, URL, Link string }

type pageDisruption struct {
	Head  string
	Lines []string
}

func streamTable(r *report.Report) pageTable {
	t := pageTable{Head: slices.Concat([]string{"stream", "connections", "rate"}, sumsHead, []string{"shortest outage it can see"})}
	for i := range r.Streams {
		s := &r.Streams[i]
		t.Rows = append(t.Rows, text.CleanAll(slices.Concat([]string{streamName(s), s.Connections, fmt.Sprintf("%g/s", s.Rate)}, sums(s), []string{cmp.Or(shortestOutage(r, s.Name), "?")})))
	}
	return t
}

func terminationTable(r *report.Report) pageTable {
	t := pageTable{Head: withOutlasts(r, []string{"pod", "ended by", "node", "grace", "preStop", "exit", "left slice", "drain", "last answer", "grace left"}, outlastsHead)}
	for i := range r.Terminations {
		end := &r.Terminations[i]
		hook := string(end.PreStop)
		if end.PreStopSleep > 0 {
			hook += " " + short(end.PreStopSleep)
		}
		if end.PreStopFailed.Known() {
			hook += ", failed"
		}
		code := exitCode(end)
		if end.ExitReason != "" {
			code += " " + end.ExitReason
		}
		t.Rows = append(t.Rows, text.CleanAll(withOutlasts(r, []string{
			ended(end), string(end.EndedBy), end.Node, short(end.Grace), hook, code,
			sinceSeen(end.Margins.SliceLag), margin(end.Margins.Drain), sinceSeen(end.Margins.LastAnswer), margin(end.Margins.GraceHeadroom),
		}, outlastsCell(end))))
	}
	return t
}

func findingWords(i int, r *report.Report) pageFinding {
	f, fix := &r.Findings[i], fixInFull(r.Findings, i)
	words := pageFinding{
		Number: i + 1, Cause: clean(string(f.Cause)), Sureness: sureness(f), Losses: clean(losses(r, f)),
		Says: clean(upperFirst(f.Says) + "."), Fix: clean(fix.Text),
		Failed: clean(failed(r, f)), FixInShort: clean(fixInShort(r.Findings, i)),
	}
	if fix.Patch != "" {
		command, patch := patchCommand(r, f)
		words.Patch = command + " " + patch
	}
	if recipe := fix.Recipe; recipe != nil {
		whose, link := recipeFor(recipe)
		words.Recipe = &pageRecipe{Whose: clean(whose), Text: clean(recipe.Text), URL: site(recipe.URL), Link: link}
	}
	words.Evidence = text.CleanAll(evidence(f))
	return words
}

func disruptionWords(number int, d *report.Disruption) pageDisruption {
	words := pageDisruption{Head: clean(fmt.Sprintf("%d. %s: %s", number, doing(d), outcome(d)))}
	words.Lines = append(words.Lines, d.Changes...)
	for _, refusal := range d.Refusals {
		words.Lines = append(words.Lines, "refused: "+refusal)
	}
	if c := d.Command; c != nil && c.ExitCode != nil {
		words.Lines = append(words.Lines, fmt.Sprintf("the command ended with exit code %d after %s", *c.ExitCode, short(c.Took)))
		if c.Output == "" && c.OutputLines > 0 {
			words.Lines = append(words.Lines, fmt.Sprintf("it wrote %s, which the run did not record (--show-values does)", count(int(c.OutputLines), "line")))
		}
		for line := range strings.Lines(c.Output) {
			words.Lines = append(words.Lines, strings.TrimRight(line, "\r\n"))
		}
	}
	for _, line := range d.Restored {
		words.Lines = append(words.Lines, "put back: "+line)
	}
	if len(d.Terminated) > 0 {
		words.Lines = append(words.Lines, "ended: "+strings.Join(d.Terminated, ", "))
	}
	words.Lines = text.CleanAll(words.Lines)
	return words
}

func validityLines(r *report.Report) []string {
	v := &r.Validity
	lines := []string{fmt.Sprintf("Before anything was done: %s, %d of them failed.", count(v.Baseline.Sent, "request"), v.Baseline.Failed)}
	if v.Baseline.Sent == 0 {
		lines = []string{"Before anything was done: no request, as far as is known."}
	}
	if v.Complete {
		lines = append(lines, "The run came to its end.")
	} else {
		lines = append(lines, "The run was cut off or stopped.")
	}
	switch {
	case v.PodsNamed:
		lines = append(lines, "Answers named their pods.")
	case !slices.ContainsFunc(r.Streams, func(s report.Stream) bool { return s.OK > 0 }):
		lines = append(lines, "No request was answered as expected, so nothing is known of whether answers name their pods.")
	default:
		lines = append(lines, "Answers did not name their pods, so failures are tied to pods by times alone.")
	}
	for _, s := range r.Streams {
		lines = append(lines, fmt.Sprintf("Stream %s: %.1f of %g requests per second were reached; 99%% were sent within %s of their time.",
			s.Name, s.AchievedRate, s.Rate, short(s.LatenessP99)))
	}
	if said := lossyEnds(r); said != "" {
		lines = append(lines, said)
	}
	if power := shortestOutages(r); power != "" {
		lines = append(lines, power)
	}
	for _, gap := range v.Gaps {
		lines = append(lines, fmt.Sprintf("The watch of %s may have missed changes between %s and %s: %s.",
			gap.Resource, gap.From.UTC().Format("15:04:05.000"), gap.To.UTC().Format("15:04:05.000"), gap.Reason))
	}
	for _, doubt := range v.Doubts {
		lines = append(lines, "Doubt: "+doubt+".")
	}
	return text.CleanAll(lines)
}
