package render

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Markdown writes the report for a comment on a pull request, in GitHub's
// flavour: the verdict, the findings in short, the sums, the findings whole, and
// the details folded. Where it would exceed markdown.Limit it leaves out the last
// parts and says which.
func Markdown(w io.Writer, r *report.Report) error {
	page := &comment{}
	page.add("the verdict", markdownVerdict(r))
	if r.Via != nil {
		page.add("the balancer", "**Via:** "+markdown.Prose(r.Via.Says))
	}
	page.add("the reasons", markdown.Bullets(r.Reasons))
	page.add("the findings in short", markdownAnswer(r))
	page.add("the streams", markdownStreams(r))
	page.add("the senders", markdownSenders(r))
	for i := range r.Findings {
		page.add(fmt.Sprintf("finding %d", i+1), markdownFinding(i, r))
	}
	page.add("the warnings", markdownWarnings(r))
	page.add("what lint says", markdownLint(r))
	page.add("the disruptions", markdownDisruptions(r))
	page.add("the terminations", markdownTerminations(r))
	page.add("the windows", markdownWindows(r))
	page.add("the ends", markdown.Prose(lossyEnds(r)))
	page.add("the power", markdown.Prose(shortestOutages(r)))
	if _, err := io.WriteString(w, page.text()); err != nil {
		return fmt.Errorf("write the report as Markdown: %w", err)
	}
	return nil
}

// comment is a page of blocks that does not outgrow markdown.Limit.
type comment struct {
	blocks  []string
	length  int
	leftOut []string
}

// roomForNote is kept for the line that says what was left out.
const roomForNote = 500

// add appends a block, unless there is no room for it. An empty one is nothing.
func (c *comment) add(what, block string) {
	if block == "" {
		return
	}
	length := utf8.RuneCountInString(block) + len("\n\n")
	if c.length+length > markdown.Limit-roomForNote {
		c.leftOut = append(c.leftOut, what)
		return
	}
	c.blocks, c.length = append(c.blocks, block), c.length+length
}

func (c *comment) text() string {
	if n := len(c.leftOut); n > 0 {
		named := strings.Join(c.leftOut[:min(n, 5)], ", ")
		if n > 5 {
			named += fmt.Sprintf(" and %d more", n-5)
		}
		c.blocks = append(c.blocks, "_Left out here for its length: "+named+". `report.json` in the run's folder has it all._")
	}
	return strings.Join(c.blocks, "\n\n") + "\n"
}

var verdictMarks = map[report.Verdict]string{
	report.Passed: ":white_check_mark:", report.Failed: ":x:", report.Inconclusive: ":warning:",
}

func markdownVerdict(r *report.Report) string {
	return fmt.Sprintf("### %s %s: %s in namespace %s", verdictMarks[r.Verdict], upperFirst(string(r.Verdict)), markdown.Code(r.Workload), markdown.Code(r.Namespace))
}

// markdownAnswer lists the findings in short, unless there is one alone, which
// follows whole soon enough.
func markdownAnswer(r *report.Report) string {
	if len(r.Findings) < 2 {
		return ""
	}
	var lines []string
	for i := range r.Findings[:min(len(r.Findings), markdown.Listed)] {
		f := &r.Findings[i]
		lines = append(lines, fmt.Sprintf("- **%d.** %s%s: %s. **Fix:** %s",
			i+1, markdown.Code(string(f.Cause)), sureness(f), markdown.Prose(failed(r, f)), markdown.Prose(fixInShort(r.Findings, i))))
	}
	return strings.Join(lines, "\n")
}

func markdownStreams(r *report.Report) string {
	rows := [][]string{append([]string{"stream"}, sumsHead...)}
	for i := range r.Streams {
		name := markdown.Code(r.Streams[i].Name)
		if r.Streams[i].Kind != "" {
			name += " " + markdown.Prose(ofKind(&r.Streams[i]))
		}
		rows = append(rows, append([]string{name}, sums(&r.Streams[i])...))
	}
	return pipeTable(rows, 1)
}

func markdownSenders(r *report.Report) string {
	if len(r.Senders) == 0 {
		return ""
	}
	shown, others := sendersShown(r, markdown.Listed)
	rows := [][]string{sendersHead}
	for i := range shown {
		cells := senderCells(&shown[i])
		rows = append(rows, append([]string{markdown.Code(cells[0]), markdown.Code(cells[1])}, cells[2:]...))
	}
	table := pipeTable(rows, 2)
	if others != "" {
		table += "\n\n" + upperFirst(others) + "."
	}
	return markdown.Folded(count(len(r.Senders), "sender"), table)
}

func markdownFinding(i int, r *report.Report) string {
	f, fix := &r.Findings[i], fixInFull(r.Findings, i)
	var text strings.Builder
	fmt.Fprintf(&text, "#### %d. %s%s: %s\n\n%s.", i+1, markdown.Code(string(f.Cause)), sureness(f), markdown.Prose(losses(r, f)), markdown.Prose(upperFirst(f.Says)))
	fmt.Fprintf(&text, "\n\n**Fix:** %s", markdown.Prose(fix.Text))
	if fix.Patch != "" {
		command, patch := patchCommand(r, f)
		text.WriteString("\n\n" + markdown.Fenced("sh", command+" \\\n  "+patch))
	}
	if recipe := fix.Recipe; recipe != nil {
		whose, name := recipeFor(recipe)
		fmt.Fprintf(&text, "\n\n**%s:** %s.", markdown.Prose(whose), strings.TrimSpace(markdown.Prose(recipe.Text)+" "+link(name, recipe.URL)))
	}
	text.WriteString("\n\n" + markdown.Folded("Evidence", markdown.Bullets(evidence(f))))
	return text.String()
}

func markdownWarnings(r *report.Report) string {
	if len(r.Warnings) == 0 {
		return ""
	}
	var lines []string
	for _, w := range r.Warnings {
		lines = append(lines, warning(w))
	}
	return markdown.Folded(count(len(lines), "warning"), markdown.Bullets(lines))
}

func markdownLint(r *report.Report) string {
	lines, others := lintLines(r)
	if len(lines) == 0 {
		return ""
	}
	block := markdown.Bullets(lines)
	if others != "" {
		block += "\n\n" + markdown.Prose(upperFirst(others)) + "."
	}
	return markdown.Folded("What lint says of the manifest: "+count(len(lines), "finding"), block)
}

func markdownDisruptions(r *report.Report) string {
	if len(r.Disruptions) == 0 {
		return ""
	}
	var lines []string
	for i := range r.Disruptions {
		d := &r.Disruptions[i]
		lines = append(lines, doing(d)+": "+outcome(d))
		for _, refusal := range d.Refusals {
			lines = append(lines, d.Kind+" was refused: "+refusal)
		}
		for _, back := range d.Restored {
			lines = append(lines, "put back after "+d.Kind+": "+back)
		}
	}
	return markdown.Folded(count(len(r.Disruptions), "disruption"), markdown.Bullets(lines))
}

func markdownTerminations(r *report.Report) string {
	if len(r.Terminations) == 0 {
		return ""
	}
	rows := [][]string{withOutlasts(r, []string{"pod", "ended by", "exit", "left slice", "drain", "last answer", "grace left"}, outlastsHead)}
	for i := range r.Terminations[:min(len(r.Terminations), markdown.Listed)] {
		t := &r.Terminations[i]
		rows = append(rows, withOutlasts(r, []string{
			markdown.Code(ended(t)), markdown.Prose(string(t.EndedBy)), exitCode(t),
			sinceSeen(t.Margins.SliceLag), margin(t.Margins.Drain), sinceSeen(t.Margins.LastAnswer), margin(t.Margins.GraceHeadroom),
		}, outlastsCell(t)))
	}
	legend := "Left slice and last answer: time since the deletion was first seen; drain: from leaving the slice to SIGTERM."
	if measuresWindows(r) {
		legend += " " + upperFirst(outlastsLegend) + "."
	}
	if n := len(r.Terminations); n > markdown.Listed {
		legend = fmt.Sprintf("The first %d of %d. ", markdown.Listed, n) + legend
	}
	return markdown.Folded(count(len(r.Terminations), "termination"), pipeTable(rows, 2)+"\n\n"+legend)
}

// pipeTable aligns the first columns left and the others right. Cells are
// Markdown already.
func pipeTable(rows [][]string, left int) string {
	rule := make([]string, len(rows[0]))
	for i := range rule {
		rule[i] = "---:"
		if i < left {
			rule[i] = ":---"
		}
	}
	lines := make([]string, 0, len(rows)+1)
	for i, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = strings.ReplaceAll(cell, "|", "\\|")
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
		if i == 0 {
			lines = append(lines, "|"+strings.Join(rule, "|")+"|")
		}
	}
	return strings.Join(lines, "\n")
}

// link writes a link to another site; of what is none only the words are left.
func link(words, address string) string {
	if address = site(address); address == "" {
		return markdown.Prose(words)
	}
	return fmt.Sprintf("[%s](<%s>)", markdown.Prose(words), address)
}
