package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// TextOptions say how text looks.
type TextOptions struct {
	// Color uses terminal colours.
	Color bool
}

// Text writes the report for a person at a terminal 80 columns wide. Its first
// line is the verdict; what to change and what to mind come before the tables that
// grow with the number of pods.
func Text(w io.Writer, r *report.Report, o TextOptions) error {
	buffered := bufio.NewWriter(w)
	p := &printer{w: buffered, color: o.Color}
	p.verdict(r)
	p.answer(r)
	p.streams(r)
	p.senders(r)
	for i := range r.Findings {
		p.finding(i, r)
	}
	p.warnings(r)
	p.lint(r)
	p.disruptions(r)
	p.terminations(r)
	p.windows(r)
	p.footer(r)
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the report as text: %w", err)
	}
	return nil
}

type printer struct {
	w     *bufio.Writer
	color bool
}

// line writes one line without the control characters that a hostile or broken
// server may have put into a name. A failed write is kept by the bufio.Writer.
func (p *printer) line(text string) {
	_, _ = p.w.WriteString(clean(text) + "\n")
}

// wrapped writes s with each line indented, the first one by first.
func (p *printer) wrapped(first, indent, s string) {
	for line := range text.Wrap(first, indent, s) {
		p.line(line)
	}
}

// The colours of a headline.
const (
	green  = "\x1b[1;32m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	plain  = "\x1b[0m"
)

var verdictColors = map[report.Verdict]string{
	report.Passed: green, report.Failed: red, report.Inconclusive: yellow,
}

func (p *printer) verdict(r *report.Report) {
	p.headline(strings.ToUpper(string(r.Verdict)), verdictColors[r.Verdict], fmt.Sprintf("%s in namespace %s", r.Workload, r.Namespace))
	if r.Via != nil {
		p.wrapped("  via: ", "       ", r.Via.Says)
	}
	for _, reason := range r.Reasons {
		p.wrapped("  - ", "    ", reason)
	}
	p.line("")
}

// answer lists the findings in short. One alone is not said twice: it follows whole
// after a few lines.
func (p *printer) answer(r *report.Report) {
	if len(r.Findings) < 2 {
		return
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		p.wrapped(fmt.Sprintf("  %d. ", i+1), "     ", string(f.Cause)+sureness(f)+": "+failed(r, f))
		p.wrapped("     Fix: ", "          ", fixInShort(r.Findings, i))
	}
	p.line("")
}

// headline writes a word in its colour, and what it is about.
func (p *printer) headline(word, color, about string) {
	if p.color {
		word = color + word + plain
	}
	_, _ = p.w.WriteString(word)
	p.line("  " + about)
}

// table writes rows in aligned columns.
func (p *printer) table(rows [][]string) {
	var aligned strings.Builder
	table := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(table, "  "+strings.Join(text.CleanAll(row), "\t"))
	}
	_ = table.Flush()
	for line := range strings.Lines(aligned.String()) {
		_, _ = p.w.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func (p *printer) streams(r *report.Report) {
	rows := [][]string{append([]string{"stream"}, sumsHead...)}
	for i := range r.Streams {
		rows = append(rows, append([]string{streamName(&r.Streams[i])}, sums(&r.Streams[i])...))
	}
	p.table(rows)
	p.line("")
}

// textSenders bounds the senders of a text.
const textSenders = 20

func (p *printer) senders(r *report.Report) {
	if len(r.Senders) == 0 {
		return
	}
	shown, others := sendersShown(r, textSenders)
	rows := [][]string{sendersHead}
	for i := range shown {
		rows = append(rows, senderCells(&shown[i]))
	}
	p.table(rows)
	if others != "" {
		p.line("  " + others)
	}
	p.line("")
}

func (p *printer) finding(i int, r *report.Report) {
	f, fix := &r.Findings[i], fixInFull(r.Findings, i)
	p.wrapped(fmt.Sprintf("%d. ", i+1), "   ", string(f.Cause)+sureness(f)+": "+losses(r, f))
	p.wrapped("   ", "   ", upperFirst(f.Says)+".")
	p.wrapped("   streams: ", "            ", strings.Join(f.Streams, ", "))
	if len(f.Pods) > 0 {
		p.wrapped("   pods: ", "         ", strings.Join(f.Pods, ", "))
	}
	for _, line := range f.Evidence {
		p.wrapped("   - ", "     ", line)
	}
	if said := foreseen(f); said != "" {
		p.wrapped("   - ", "     ", said)
	}
	p.wrapped("   Fix: ", "        ", fix.Text)
	if fix.Patch != "" {
		command, patch := patchCommand(r, f)
		p.line("   " + command + " \\")
		p.line("     " + patch)
	}
	if recipe := fix.Recipe; recipe != nil {
		whose, _ := recipeFor(recipe)
		p.wrapped("   ", "        ", whose+": "+recipe.Text)
		p.line("   " + clean(recipe.URL))
	}
	p.line("")
}

func (p *printer) disruptions(r *report.Report) {
	for i := range r.Disruptions {
		d := &r.Disruptions[i]
		p.wrapped("  ", "    ", doing(d)+": "+outcome(d))
		for _, line := range d.Changes {
			p.wrapped("    - ", "      ", line)
		}
		for _, line := range d.Refusals {
			p.wrapped("    - refused: ", "      ", line)
		}
		for _, line := range d.Restored {
			p.wrapped("    - put back: ", "      ", line)
		}
		if c := d.Command; c != nil && c.ExitCode != nil && *c.ExitCode != 0 {
			p.wrapped("    - ", "      ", fmt.Sprintf("the command ended with exit code %d after %s", *c.ExitCode, short(c.Took)))
		}
	}
	if len(r.Disruptions) > 0 {
		p.line("")
	}
}

func (p *printer) terminations(r *report.Report) {
	if len(r.Terminations) == 0 {
		return
	}
	rows := [][]string{withOutlasts(r, []string{"pod", "ended by", "exit", "left slice", "drain", "last answer", "grace left"}, outlastsHead)}
	for i := range r.Terminations {
		t := &r.Terminations[i]
		rows = append(rows, withOutlasts(r, []string{
			ended(t), string(t.EndedBy), exitCode(t),
			sinceSeen(t.Margins.SliceLag), margin(t.Margins.Drain), sinceSeen(t.Margins.LastAnswer), margin(t.Margins.GraceHeadroom),
		}, outlastsCell(t)))
	}
	p.table(rows)
	p.line("  (left slice and last answer: time since the deletion was first seen;")
	p.line("  drain: from leaving the slice to SIGTERM)")
	if measuresWindows(r) {
		p.wrapped("  (", "  ", outlastsLegend+")")
	}
	p.line("")
}

func (p *printer) warnings(r *report.Report) {
	for _, w := range r.Warnings {
		p.wrapped("Warning: ", "         ", warning(w))
	}
	if len(r.Warnings) > 0 {
		p.line("")
	}
}

func (p *printer) lint(r *report.Report) {
	lines, others := lintLines(r)
	if len(lines) == 0 {
		return
	}
	p.line("What lint says of the manifest, and what this run showed of that:")
	for _, line := range lines {
		p.wrapped("  - ", "    ", line)
	}
	if others != "" {
		p.wrapped("  ", "  ", others)
	}
	p.line("")
}

func (p *printer) footer(r *report.Report) {
	if said := lossyEnds(r); said != "" {
		p.wrapped("", "", said)
	}
	if seen := shortestOutages(r); seen != "" {
		p.wrapped("", "", seen)
	}
}
