package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// gapReach is how near to a gap of the watch a failure may lie before nothing is
// claimed of it.
const gapReach = 2 * time.Second

func gaps(events *recording.Events) []recording.Gap {
	var all []recording.Gap
	for event := range events.ButSlices() {
		if gap := event.Gap; gap != nil {
			all = append(all, *gap)
		}
	}
	return all
}

// nearGap tells whether the watch may have missed what explains the failure.
// Nodes and leases only add to an explanation.
func nearGap(f *failure, gaps []recording.Gap) bool {
	return slices.ContainsFunc(gaps, func(g recording.Gap) bool {
		return g.Resource != "nodes" && g.Resource != "leases" && !f.EndAt().Before(g.From.Add(-gapReach)) && !f.SentAt().After(g.To.Add(gapReach))
	})
}
