package render

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// lossyEnds tells of a failed run how many ends lost a request, and which share of those to
// come may. A pass says it in its reasons, and an inconclusive run claims nothing.
func lossyEnds(r *report.Report) string {
	e := r.Ends
	if r.Verdict != report.Failed || e == nil || e.Seen == 0 {
		return ""
	}
	text := fmt.Sprintf("Of %s that met requests %s lost one", count(e.Seen, "end"), lossyCount(e))
	if e.AtMost < 1 {
		text += fmt.Sprintf(": up to %s of such ends could (%s confidence, if each end is a draw of its own)",
			report.Percent(e.AtMost), report.Percent(e.Confidence))
	}
	return text + "."
}

// lossyCount is how many ends lost a request, as far as that is known.
func lossyCount(e *report.Ends) string {
	if e.LossyAtLeast < e.Lossy {
		return fmt.Sprintf("%d to %d", e.LossyAtLeast, e.Lossy)
	}
	return fmt.Sprint(e.Lossy)
}
