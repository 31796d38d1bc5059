package analysis

import (
	"fmt"
	"math"

	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// endsConfidence is that of what ends prove of others.
const endsConfidence = 0.95

// countEnds counts those that may have lost a request, and those that did; nil where there
// were none. A container may end while its pod is out of the slices and yet cut what came
// before: it counts if it did. Of what it is not known which end lost it, as many may have as there are: the
// bound is to hold in any case.
func countEnds(ended []*account, failures []*explained) *report.Ends {
	e := &report.Ends{Confidence: endsConfidence}
	lossy, unknown := map[int]bool{}, 0
	for _, f := range failures {
		for _, s := range f.suspects {
			lossy[s.number] = true
		}
		if len(f.suspects) == 0 && len(f.starting) == 0 {
			unknown++
		}
	}
	e.Seen = countFunc(ended, func(a *account) bool { return a.wasReady || lossy[a.number] })
	if e.Seen == 0 {
		return nil
	}
	e.Lossy = min(e.Seen, len(lossy)+unknown)
	// Rounded up: the bound holds, and is the same on all processors.
	e.AtMost = math.Ceil(1e4*binomial.AtMost(e.Lossy, e.Seen, e.Confidence)) / 1e4
	return e
}

// proven are those of a run with that verdict.
func proven(e *report.Ends, verdict report.Verdict) *report.Ends {
	if e != nil && verdict == report.Inconclusive {
		e.AtMost = 1
	}
	return e
}

// mayLose says in a pass how many ends may lose requests all the same.
func mayLose(e *report.Ends) string {
	percent := fmt.Sprintf("%.0f", 100*e.AtMost)
	if e.AtMost < 0.1 {
		percent = fmt.Sprintf("%.1f", 100*e.AtMost)
	}
	still := "could still lose"
	if e.Lossy > 0 {
		still = "could lose"
	}
	return fmt.Sprintf("of ends such as these up to %s %% %s a request (%.0f %% confidence, if each end is a draw of its own)", percent, still, 100*e.Confidence)
}
