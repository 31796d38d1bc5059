package render

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// MarkdownLimit is how many characters the Markdown has at the most. GitHub
// takes 65,536 in a comment; the rest is for what a pipeline adds.
const MarkdownLimit = 60_000

// Markdown writes the report for a comment on a pull request, in GitHub's
// flavour: the verdict, the findings in short, the sums, the findings whole, and
// the details folded. Where it would exceed MarkdownLimit it leaves out the last
// parts and says which.
func Markdown(w io.Writer, r *report.Report) error {
	page := &markdown{}
	page.add("the verdict", markdownVerdict(r))
	page.add("the reasons", bullets(r.Reasons))
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
	page.add("the power", prose(smallestOutages(r)))
	if _, err := io.WriteString(w, page.text()); err != nil {
		return fmt.Errorf("write the report as Markdown: %w", err)
	}
	return nil
}

// markdown is a page of blocks that does not outgrow MarkdownLimit.
type markdown struct {
	blocks  []string
	length  int
	leftOut []string
}

// roomForNote is kept for the line that says what was left out.
const roomForNote = 500

// add appends a block, unless there is no room for it. An empty one is nothing.
func (m *markdown) add(what, block string) {
	if block == "" {
		return
	}
	length := utf8.RuneCountInString(block) + len("\n\n")
	if m.length+length > MarkdownLimit-roomForNote {
		m.leftOut = append(m.leftOut, what)
		return
	}
	m.blocks, m.length = append(m.blocks, block), m.length+length
}

func (m *markdown) text() string {
	if n := len(m.leftOut); n > 0 {
		named := strings.Join(m.leftOut[:min(n, 5)], ", ")
		if n > 5 {
			named += fmt.Sprintf(" and %d more", n-5)
		}
		m.blocks = append(m.blocks, "_Left out here for its length: "+named+". `report.json` in the run's folder has it all._")
	}
	return strings.Join(m.blocks, "\n\n") + "\n"
}

var verdictMarks = map[report.Verdict]string{
	report.Passed: ":white_check_mark:", report.Failed: ":x:", report.Inconclusive: ":warning:",
}

func markdownVerdict(r *report.Report) string {
	return fmt.Sprintf("### %s %s: %s in namespace %s", verdictMarks[r.Verdict], upperFirst(string(r.Verdict)), code(r.Workload), code(r.Namespace))
}

// markdownAnswer lists the findings in short, unless there is one alone, which
// follows whole soon enough.
func markdownAnswer(r *report.Report) string {
	if len(r.Findings) < 2 {
		return ""
	}
	var lines []string
	for i := range r.Findings[:min(len(r.Findings), listed)] {
		f := &r.Findings[i]
		lines = append(lines, fmt.Sprintf("- **%d.** %s%s: %s. **Fix:** %s",
			i+1, code(string(f.Cause)), sureness(f), prose(failed(r, f)), prose(fixInShort(r.Findings, i))))
	}
	return strings.Join(lines, "\n")
}

func markdownStreams(r *report.Report) string {
	rows := [][]string{append([]string{"stream"}, sumsHead...)}
	for i := range r.Streams {
		name := code(r.Streams[i].Name)
		if r.Streams[i].Kind != "" {
			name += " " + prose(ofKind(&r.Streams[i]))
		}
		rows = append(rows, append([]string{name}, sums(&r.Streams[i])...))
	}
	return pipeTable(rows, 1)
}

func markdownSenders(r *report.Report) string {
	if len(r.Senders) == 0 {
		return ""
	}
	shown, others := sendersShown(r, listed)
	rows := [][]string{sendersHead}
	for i := range shown {
		cells := senderCells(&shown[i])
		rows = append(rows, append([]string{code(cells[0]), code(cells[1])}, cells[2:]...))
	}
	table := pipeTable(rows, 2)
	if others != "" {
		table += "\n\n" + upperFirst(others) + "."
	}
	return folded(count(len(r.Senders), "sender"), table)
}

func markdownFinding(i int, r *report.Report) string {
	f, fix := &r.Findings[i], fixInFull(r.Findings, i)
	var text strings.Builder
	fmt.Fprintf(&text, "#### %d. %s%s: %s\n\n%s.", i+1, code(string(f.Cause)), sureness(f), prose(losses(r, f)), prose(upperFirst(f.Says)))
	fmt.Fprintf(&text, "\n\n**Fix:** %s", prose(fix.Text))
	if fix.Patch != "" {
		command, patch := patchCommand(r, f)
		text.WriteString("\n\n" + fenced("sh", command+" \\\n  "+patch))
	}
	if recipe := fix.Recipe; recipe != nil {
		whose, name := recipeFor(recipe)
		fmt.Fprintf(&text, "\n\n**%s:** %s.", prose(whose), strings.TrimSpace(prose(recipe.Text)+" "+link(name, recipe.URL)))
	}
	text.WriteString("\n\n" + folded("Evidence", bullets(evidence(f))))
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
	return folded(count(len(lines), "warning"), bullets(lines))
}

func markdownLint(r *report.Report) string {
	lines, others := lintLines(r)
	if len(lines) == 0 {
		return ""
	}
	block := bullets(lines)
	if others != "" {
		block += "\n\n" + prose(upperFirst(others)) + "."
	}
	return folded("What lint says of the manifest: "+count(len(lines), "finding"), block)
}

func markdownDisruptions(r *report.Report) string {
	if len(r.Disruptions) == 0 {
		return ""
	}
	var lines []string
	for i := range r.Disruptions {
		d := &r.Disruptions[i]
		lines = append(lines, d.Kind+": "+outcome(d))
		for _, refusal := range d.Refusals {
			lines = append(lines, d.Kind+" was refused: "+refusal)
		}
	}
	return folded(count(len(r.Disruptions), "disruption"), bullets(lines))
}

func markdownTerminations(r *report.Report) string {
	if len(r.Terminations) == 0 {
		return ""
	}
	rows := [][]string{{"pod", "ended by", "exit", "left slice", "drain", "last answer", "grace left"}}
	for i := range r.Terminations[:min(len(r.Terminations), listed)] {
		t := &r.Terminations[i]
		rows = append(rows, []string{
			code(ended(t)), prose(string(t.EndedBy)), exitCode(t),
			margin(t.Margins.SliceLag), margin(t.Margins.Drain), margin(t.Margins.LastAnswer), margin(t.Margins.GraceHeadroom),
		})
	}
	legend := "Left slice and last answer: time since the deletion was first seen; drain: from leaving the slice to SIGTERM."
	if n := len(r.Terminations); n > listed {
		legend = fmt.Sprintf("The first %d of %d. ", listed, n) + legend
	}
	return folded(count(len(r.Terminations), "termination"), pipeTable(rows, 2)+"\n\n"+legend)
}

// folded hides a block behind its summary until it is clicked.
func folded(summary, block string) string {
	return "<details><summary>" + prose(summary) + "</summary>\n\n" + block + "\n\n</details>"
}

// listed bounds a list, so that a long one does not crowd out what follows it.
const listed = 100

func bullets(lines []string) string {
	items := make([]string, 0, len(lines))
	for _, line := range lines[:min(len(lines), listed)] {
		items = append(items, "- "+prose(line))
	}
	if n := len(lines); n > listed {
		items = append(items, fmt.Sprintf("- and %d more", n-listed))
	}
	return strings.Join(items, "\n")
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

// listMark is what would make the beginning of a line an item of a list, or the
// line a rule.
var listMark = regexp.MustCompile(`^(?:([0-9]{1,9})([.)](?: |$))|([-+=]))`)

// prose escapes all that Markdown, or the HTML in it, would take for markup, and
// bounds the length: a server's words may be of any.
func prose(text string) string {
	var escaped strings.Builder
	for _, c := range clean(clipped(strings.TrimSpace(text), 1000)) {
		switch c {
		case '<':
			escaped.WriteString("&lt;")
		case '>':
			escaped.WriteString("&gt;")
		case '&':
			escaped.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '~', '#', '!', '$':
			escaped.WriteRune('\\')
			escaped.WriteRune(c)
		case '@':
			// The zero-width space keeps GitHub from calling a person whom a text
			// only quotes.
			escaped.WriteString("@\u200b")
		default:
			escaped.WriteRune(c)
		}
	}
	return listMark.ReplaceAllString(escaped.String(), `$1\$2$3`)
}

// code writes a name as a code span whose fence the name cannot close.
func code(text string) string {
	text = clean(clipped(text, 300))
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

// link writes a link to another site; of what is none only the words are left.
func link(words, address string) string {
	if address = site(address); address == "" {
		return prose(words)
	}
	return fmt.Sprintf("[%s](<%s>)", prose(words), address)
}

// fenced writes a block of code whose fence its content cannot close.
func fenced(language, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	lines := strings.Split(clipped(text, 8000), "\n")
	return fence + language + "\n" + strings.Join(cleaned(lines), "\n") + "\n" + fence
}

// clipped bounds a text's length in characters.
func clipped(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)
	return string(runes[:limit-1]) + "…"
}
