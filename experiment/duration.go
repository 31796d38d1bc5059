package experiment

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// duration says how long a run of the check takes: what the check itself names, and where it
// depends on the cluster the bound, where it drains so many nodes in turn and may have settings to
// roll out first. How often a soak or a proof goes on is not known.
func duration(c check.Check, inTurn int, settings bool) string {
	most := fmt.Sprintf("%s at most, with the putting back", longest(c, inTurn, settings))
	if c.Soak != nil || c.Prove != nil {
		return "takes " + most
	}
	known, open := time.Duration(c.Timing.Baseline), 0
	for _, d := range c.Disruptions {
		times := max(d.Repeat, 1)
		known += time.Duration(times)*time.Duration(c.Timing.Settle) + time.Duration(times-1)*time.Duration(d.Pause)
		if d.Observe != nil {
			known += time.Duration(times) * time.Duration(d.Observe.For)
		} else {
			open += times
		}
	}
	if open == 0 {
		return fmt.Sprintf("takes %s; %s", known, most)
	}
	return fmt.Sprintf("takes %s and the time until the pods of %s have ended and been replaced; %s", known, text.Count(open, "disruption"), most)
}
