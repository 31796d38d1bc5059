package render

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// outlastsHead is the column of the margin outlasts, in reports that may have it.
const outlastsHead = "outlasts"

// outlastsLegend says what it is.
const outlastsLegend = "outlasts: from leaving the slice to the last connection to the pod's own address that was accepted and answered"

// measuresWindows tells whether pods were asked on their own addresses.
func measuresWindows(r *report.Report) bool { return r.Windows != nil && r.Windows.Unmeasured == "" }

// withOutlasts adds the column to a row.
func withOutlasts(r *report.Report, row []string, cell string) []string {
	if !measuresWindows(r) {
		return row
	}
	return append(row, cell)
}

func outlastsCell(t *report.Termination) string {
	if t.Margins.Outlasts == nil {
		return "?"
	}
	return span(*t.Margins.Outlasts)
}

// windowsLine says for how long pods went on answering, or why that is not known; empty
// where nobody was to ask or no pod ended.
func windowsLine(r *report.Report) string {
	w := r.Windows
	switch {
	case w == nil:
		return ""
	case w.Unmeasured != "":
		return "For how long pods go on answering after they have left their slices was not measured: " + w.Unmeasured + "."
	case w.Ends == 0:
		return ""
	case w.Shortest == nil:
		return fmt.Sprintf("For how long pods go on answering after they have left their slices is known of %d of %s.", w.Measured, count(w.Ends, "end"))
	default:
		return firstToStop(*w.Shortest, count(w.Ends, "end"))
	}
}

// firstToStop says when the first pod stopped to answer, counted from when it left its slice:
// then, before or after.
func firstToStop(since report.Span, ends string) string {
	switch {
	case since.To < 0:
		return fmt.Sprintf("The first pod to stop answering on its own address did so before it had left its EndpointSlice, by %s (%s): until then requests could still be sent to it.",
			span(report.Span{From: -since.To, To: -since.From}), ends)
	case since.From < 0:
		return fmt.Sprintf("The first pod to stop answering on its own address did so about when it left its EndpointSlice, no more than %s before and no more than %s after that (%s).",
			short(-since.From), short(since.To), ends)
	default:
		return fmt.Sprintf("After they had left their slices pods went on answering on their own addresses; the first to stop did so after %s (%s).", span(since), ends)
	}
}

// pathsIntroduction says what the table of paths is.
const pathsIntroduction = "What that is enough for, as a forecast (it is no part of the verdict unless the check asks for it by budget.path or budget.outlasts):"

var pathsHead = []string{"path", "needs", "outcome", "source"}

var pathWords = map[report.PathOutcome]string{
	report.PathHolds: "holds", report.PathLoses: "loses", report.PathNotKnown: "not known",
}

func pathCells(p *report.Path) []string {
	return []string{p.Name, short(p.Needs), pathWords[p.Outcome], p.Evidence + ": " + p.Source}
}

func (p *printer) windows(r *report.Report) {
	line := windowsLine(r)
	if line == "" {
		return
	}
	p.wrapped("", "", line)
	if len(r.Windows.Paths) > 0 {
		p.wrapped("", "", pathsIntroduction)
		rows := [][]string{pathsHead}
		for i := range r.Windows.Paths {
			rows = append(rows, pathCells(&r.Windows.Paths[i]))
		}
		p.table(rows)
	}
	p.line("")
}

func markdownWindows(r *report.Report) string {
	line := markdown.Prose(windowsLine(r))
	if line == "" || len(r.Windows.Paths) == 0 {
		return line
	}
	rows := [][]string{pathsHead}
	for i := range r.Windows.Paths {
		cells := pathCells(&r.Windows.Paths[i])
		rows = append(rows, []string{markdown.Code(cells[0]), cells[1], cells[2], markdown.Prose(cells[3])})
	}
	return line + "\n\n" + markdown.Folded("Which paths that is enough for (a forecast)", pathsIntroduction+"\n\n"+pipeTable(rows, 1))
}

// pathTable has no rows where nothing was measured.
func pathTable(r *report.Report) pageTable {
	t := pageTable{Head: []string{"path", "what it is", "needs", "outcome", "source"}}
	if r.Windows == nil {
		return t
	}
	for i := range r.Windows.Paths {
		p := &r.Windows.Paths[i]
		cells := pathCells(p)
		t.Rows = append(t.Rows, []string{clean(cells[0]), clean(p.Title), cells[1], cells[2], clean(cells[3])})
	}
	return t
}
