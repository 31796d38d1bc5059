package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// TextOptions say how text looks.
type TextOptions struct {
	// Color uses terminal colours.
	Color bool
}

// Text writes the report for a person at a terminal 80 columns wide. Its first
// line is the verdict.
func Text(w io.Writer, r *report.Report, o TextOptions) error {
	buffered := bufio.NewWriter(w)
	p := &printer{w: buffered, color: o.Color}
	p.verdict(r)
	p.streams(r)
	for i := range r.Findings {
		p.finding(i+1, &r.Findings[i], r)
	}
	p.disruptions(r)
	p.terminations(r)
	p.warnings(r)
	p.footer(r)
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the report as text: %w", err)
	}
	return nil
}

const width = 80

type printer struct {
	w     *bufio.Writer
	color bool
}

// line writes one line without the control characters that a hostile or broken
// server may have put into a name. A failed write is kept by the bufio.Writer.
func (p *printer) line(text string) {
	_, _ = p.w.WriteString(clean(text) + "\n")
}

// clean replaces what a terminal would obey instead of show.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0) {
			return '�'
		}
		return c
	}, text)
}

// wrapped writes text with each line indented, the first one by first.
func (p *printer) wrapped(first, indent, text string) {
	line := first
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > width {
			p.line(line)
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	p.line(line)
}

var verdictColors = map[report.Verdict]string{
	report.Passed: "\x1b[1;32m", report.Failed: "\x1b[1;31m", report.Inconclusive: "\x1b[1;33m",
}

func (p *printer) verdict(r *report.Report) {
	word := strings.ToUpper(string(r.Verdict))
	if p.color {
		_, _ = p.w.WriteString(verdictColors[r.Verdict] + word + "\x1b[0m")
	} else {
		_, _ = p.w.WriteString(word)
	}
	p.line(fmt.Sprintf("  %s in namespace %s", r.Workload, r.Namespace))
	for _, reason := range r.Reasons {
		p.wrapped("  - ", "    ", reason)
	}
	p.line("")
}

// table writes rows in aligned columns.
func (p *printer) table(rows [][]string) {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(table, "  "+strings.Join(cleaned(row), "\t"))
	}
	_ = table.Flush()
	_, _ = p.w.WriteString(text.String())
}

func (p *printer) streams(r *report.Report) {
	rows := [][]string{{"stream", "sent", "ok", "failed", "maskable", "client", "unfinished", "p50", "p99", "max"}}
	for _, s := range r.Streams {
		rows = append(rows, []string{
			s.Name, fmt.Sprint(s.Sent), fmt.Sprint(s.OK), fmt.Sprint(s.Failed), fmt.Sprint(s.Maskable),
			fmt.Sprint(s.Client), fmt.Sprint(s.Unfinished), short(s.Latency.P50), short(s.Latency.P99), short(s.Latency.Max),
		})
	}
	p.table(rows)
	p.line("")
}

func (p *printer) finding(number int, f *report.Finding, r *report.Report) {
	head := string(f.Cause)
	if f.Confidence != "" {
		head += fmt.Sprintf(" (%s)", f.Confidence)
	}
	head += fmt.Sprintf(": %s failed %s", count(f.Failed, "request"), f.Phase)
	if f.SinceSigterm != nil {
		head += ", " + span(*f.SinceSigterm) + " after SIGTERM"
	}
	p.wrapped(fmt.Sprintf("%d. ", number), "   ", head)
	p.wrapped("   ", "   ", upperFirst(f.Says)+".")
	p.wrapped("   streams: ", "            ", strings.Join(f.Streams, ", "))
	if len(f.Pods) > 0 {
		p.wrapped("   pods: ", "         ", strings.Join(f.Pods, ", "))
	}
	for _, line := range f.Evidence {
		p.wrapped("   - ", "     ", line)
	}
	p.wrapped("   Fix: ", "        ", f.Fix.Text)
	if f.Fix.Patch != "" {
		p.line(fmt.Sprintf("   kubectl patch %s -n %s --patch \\", r.Workload, r.Namespace))
		p.line("     '" + f.Fix.Patch + "'")
	}
	p.line("")
}

func (p *printer) disruptions(r *report.Report) {
	for i := range r.Disruptions {
		d := &r.Disruptions[i]
		text := d.Kind + ": " + count(len(d.Terminated), "pod") + " ended"
		switch {
		case d.Took != nil:
			text += ", steady after " + short(*d.Took)
		case d.Unsteady != "":
			text += "; not steady: " + d.Unsteady
		}
		p.wrapped("  ", "    ", text)
		for _, line := range d.Changes {
			p.wrapped("    - ", "      ", line)
		}
		for _, line := range d.Refusals {
			p.wrapped("    - refused: ", "      ", line)
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
	rows := [][]string{{"pod", "ended by", "exit", "left slice", "last answer", "grace left"}}
	for i := range r.Terminations {
		t := &r.Terminations[i]
		exit := "?"
		if t.ExitCode != nil {
			exit = fmt.Sprint(*t.ExitCode)
		}
		rows = append(rows, []string{
			ended(t), string(t.EndedBy), exit,
			margin(t.Margins.SliceLag), margin(t.Margins.LastAnswer), margin(t.Margins.GraceHeadroom),
		})
	}
	p.table(rows)
	p.line("  (left slice and last answer: time since the deletion was first seen)")
	p.line("")
}

// ended names what ended: a pod, or one container of a pod that went on.
func ended(t *report.Termination) string {
	if t.Container == "" {
		return t.Pod
	}
	return t.Pod + " (container " + t.Container + ")"
}

func (p *printer) warnings(r *report.Report) {
	for _, w := range r.Warnings {
		text := w.Text
		if w.Cause != "" {
			text += fmt.Sprintf(" [%s]", w.Cause)
		}
		p.wrapped("Warning: ", "         ", text)
	}
}

func (p *printer) footer(r *report.Report) {
	var seen []string
	for _, s := range r.Streams {
		if power := r.Power[s.Name]; power > 0 {
			seen = append(seen, fmt.Sprintf("%s by %s", short(power), s.Name))
		}
	}
	if len(seen) > 0 {
		p.wrapped("", "", "Shortest outage of one pod that would have been seen with a probability of 99%: "+strings.Join(seen, ", ")+".")
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

// short rounds a duration to three digits or so.
func short(d report.Duration) string {
	t := time.Duration(d)
	switch {
	case t.Abs() >= 10*time.Second:
		return t.Round(100 * time.Millisecond).String()
	case t.Abs() >= time.Second:
		return t.Round(10 * time.Millisecond).String()
	case t.Abs() >= 10*time.Millisecond:
		return t.Round(time.Millisecond).String()
	default:
		return t.Round(10 * time.Microsecond).String()
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func upperFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func cleaned(cells []string) []string {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = clean(cell)
	}
	return texts
}
