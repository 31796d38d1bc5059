package tune

import (
	"fmt"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// obstacles are what a run shows that its pods lose although they sleep for long enough and
// have all the time they need, and what keeps a grace from being measured at all.
func obstacles(rep *report.Report) []Obstacle {
	var all []Obstacle
	for i := range rep.Findings {
		f := &rep.Findings[i]
		o := Obstacle{Cause: f.Cause, Text: fmt.Sprintf("%s (%s lost)", f.Says, text.Count(f.Failed, "request")), Fix: f.Fix.Text}
		if f.Fix.Recipe != nil {
			o.Recipe = f.Fix.Recipe.URL
			if own := f.Fix.Recipe.Text; own != "" {
				o.Fix += " " + own
			}
		}
		all = append(all, o)
	}
	for _, w := range rep.Warnings {
		if slices.Contains([]report.Cause{report.SigtermIgnored, report.KeepaliveOutlastsGrace}, w.Cause) {
			all = append(all, Obstacle{Cause: w.Cause, Text: w.Text, Recipe: report.RecipesURL})
		}
	}
	if t := failedHook(rep); t != nil {
		all = append(all, Obstacle{
			Text: fmt.Sprintf("the preStop hook of pod %s failed, so that it did not sleep: has the image a program called sleep?", t.Pod),
			Fix:  "Use an image that has one, or Kubernetes 1.30 or later, whose preStop.sleep needs nothing of the image.",
		})
	}
	return all
}
