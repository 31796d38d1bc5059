package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// sendersHead names the cells of a sender's row.
var sendersHead = []string{"sender", "node", "sent", "failed", "client", "clock", "lost"}

// sendersShown are the first so many of a report's senders: those that were lost come
// first, and then those of which the most requests failed. With them it says how many
// others there are; empty where there are none.
func sendersShown(r *report.Report, most int) (shown []report.Sender, others string) {
	shown = slices.Clone(r.Senders)
	lost := func(s *report.Sender) int { return min(1, len(s.Lost)) }
	slices.SortStableFunc(shown, func(a, b report.Sender) int {
		return cmp.Or(cmp.Compare(lost(&b), lost(&a)), cmp.Compare(b.Failed, a.Failed), cmp.Compare(a.Index, b.Index))
	})
	if n := len(shown) - most; n > 0 {
		return shown[:most], fmt.Sprintf("and %d more, with %s failed at the most", n, count(shown[most].Failed, "request"))
	}
	return shown, ""
}

// senderCells are the cells of a sender's row.
func senderCells(s *report.Sender) []string {
	lost := ""
	if s.Lost != "" {
		lost = "at " + s.LostAt.UTC().Format("15:04:05.000")
	}
	return []string{s.Pod, s.Node, fmt.Sprint(s.Sent), fmt.Sprint(s.Failed), fmt.Sprint(s.Client), clockOf(s), lost}
}

// clockOf tells by how much a sender's clock may have been off.
func clockOf(s *report.Sender) string {
	switch {
	case s.Clock == nil:
		return "?"
	case s.Clock.From > 0:
		return short(s.Clock.From) + " to " + short(s.Clock.To) + " ahead"
	case s.Clock.To < 0:
		return short(-s.Clock.To) + " to " + short(-s.Clock.From) + " behind"
	default:
		return "±" + short(max(-s.Clock.From, s.Clock.To))
	}
}

// senderTable are all of the senders, for the page.
func senderTable(r *report.Report) pageTable {
	t := pageTable{Head: sendersHead}
	shown, _ := sendersShown(r, len(r.Senders))
	for i := range shown {
		t.Rows = append(t.Rows, text.CleanAll(senderCells(&shown[i])))
	}
	return t
}
