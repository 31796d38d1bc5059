package render

import (
	"bufio"
	"fmt"
	"io"

	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// ComparisonJSON writes the whole comparison.
func ComparisonJSON(w io.Writer, c *report.Comparison) error { return writeJSON(w, c, "comparison") }

// ComparisonText writes a comparison for a person at a terminal 80 columns wide.
// Its first line is the outcome.
func ComparisonText(w io.Writer, c *report.Comparison, o TextOptions) error {
	buffered := bufio.NewWriter(w)
	p := &printer{w: buffered, color: o.Color}
	p.headline(outcomes[c.Outcome], outcomeColors[c.Outcome], compared(c))
	for _, reason := range c.Reasons {
		p.wrapped("  - ", "    ", reason)
	}
	p.line("")
	p.table(comparisonRows(c))
	for _, note := range c.Notes {
		p.wrapped("Note: ", "      ", note)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the comparison as text: %w", err)
	}
	return nil
}

// ComparisonMarkdown writes a comparison for a comment on a pull request.
func ComparisonMarkdown(w io.Writer, c *report.Comparison) error {
	page := &comment{}
	page.add("the outcome", fmt.Sprintf("### %s %s: %s", outcomeMarks[c.Outcome], upperFirst(string(c.Outcome)), markdown.Prose(compared(c))))
	page.add("the reasons", markdown.Bullets(c.Reasons))
	rows := comparisonRows(c)
	for i := range rows {
		for j, cell := range rows[i] {
			rows[i][j] = markdown.Prose(cell)
		}
	}
	page.add("the table", pipeTable(rows, 1))
	page.add("the notes", markdown.Bullets(c.Notes))
	if _, err := io.WriteString(w, page.text()); err != nil {
		return fmt.Errorf("write the comparison as Markdown: %w", err)
	}
	return nil
}

var outcomes = map[report.Outcome]string{
	report.NotWorse: "NOT WORSE", report.Worse: "WORSE", report.Incomparable: "INCONCLUSIVE",
}

var outcomeColors = map[report.Outcome]string{
	report.NotWorse: green, report.Worse: red, report.Incomparable: yellow,
}

var outcomeMarks = map[report.Outcome]string{
	report.NotWorse: ":white_check_mark:", report.Worse: ":x:", report.Incomparable: ":warning:",
}

// compared names the workload, and both where they are not one.
func compared(c *report.Comparison) string {
	named := func(s report.Side) string { return s.Workload + " in namespace " + s.Namespace }
	base, next := named(c.Base), named(c.New)
	if base == next {
		return next
	}
	return next + ", against " + base
}

func comparisonRows(c *report.Comparison) [][]string {
	mark := func(worse bool) string {
		if worse {
			return "worse"
		}
		return ""
	}
	rows := [][]string{
		{"", "base", "new", ""},
		{"began (UTC)", day(c.Base), day(c.New), ""},
		{"verdict", string(c.Base.Verdict), string(c.New.Verdict), mark(c.Base.Verdict == report.Passed && c.New.Verdict == report.Failed)},
		{"pods ended", fmt.Sprint(c.Base.Ended), fmt.Sprint(c.New.Ended), ""},
		{"sent", fmt.Sprint(c.Base.Sent), fmt.Sprint(c.New.Sent), ""},
		{"failed", fmt.Sprint(c.Base.Failed), fmt.Sprint(c.New.Failed), ""},
	}
	if c.Base.Ends != nil || c.New.Ends != nil {
		rows = append(rows,
			[]string{"ends that lost a request", lossyOf(c.Base), lossyOf(c.New), ""},
			[]string{"such ends that may, at most", mayAtMost(c.Base), mayAtMost(c.New), ""})
	}
	for _, change := range c.Causes {
		rows = append(rows, []string{"by " + string(change.Cause), fmt.Sprint(change.Base), fmt.Sprint(change.New), mark(change.Worse)})
	}
	for _, change := range c.Latencies {
		rows = append(rows,
			[]string{"p50 of " + change.Stream, short(change.Base.P50), short(change.New.P50), ""},
			[]string{"p99 of " + change.Stream, short(change.Base.P99), short(change.New.P99), mark(change.Worse)},
			[]string{"max of " + change.Stream, short(change.Base.Max), short(change.New.Max), ""})
	}
	for _, change := range c.Margins {
		rows = append(rows, []string{change.Margin, margin(change.Base), margin(change.New), mark(change.Worse)})
	}
	return rows
}

// lossyOf and mayAtMost are a side's cells of what its ends prove: "?" where it does not tell,
// or proves nothing.
func lossyOf(s report.Side) string {
	if s.Ends == nil {
		return "?"
	}
	return fmt.Sprintf("%s of %d", lossyCount(s.Ends), s.Ends.Seen)
}

func mayAtMost(s report.Side) string {
	if s.Ends == nil || s.Ends.AtMost == 1 {
		return "?"
	}
	return report.Percent(s.Ends.AtMost)
}

func day(s report.Side) string { return s.Began.UTC().Format("2006-01-02 15:04") }
