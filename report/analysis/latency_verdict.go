package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// latencyVerdict is what the bounds of latency come to.
type latencyVerdict struct {
	// slow are the bounds that were exceeded in disruptions and nowhere else, in words, with
	// nothing on this side that could be why; kept those that were kept, doubts why nothing
	// can be said of others.
	slow, kept, doubts []string
}

// judgeLatency judges each stream by itself. A service that is as slow without being
// disturbed shows nothing of how it shuts down; a starved run shows nothing at all.
func judgeLatency(streams []report.Stream, t *traffic, starved bool) latencyVerdict {
	var v latencyVerdict
	for i := range streams {
		s := &streams[i]
		certainly := t.stream(s.Name).bounds
		for j, bound := range s.LatencyBounds {
			told := fmt.Sprintf("stream %s: ", s.Name)
			doubt := func(format string, args ...any) { v.doubts = append(v.doubts, told+fmt.Sprintf(format, args...)) }
			in, outside := bound.In, bound.Outside
			switch {
			case in.Answers+outside.Answers == 0:
				// That there was no answer is told already.
			case outside.Longer > outside.May:
				doubt("%s outside of disruptions: whether it is its shutdown that takes the time is not known", tooMany(bound, outside))
			case in.Answers == 0:
				doubt("no answer in disruptions, so that nothing shows whether its %s is within %s then", bound.Quantile, bound.Within)
			case in.Longer <= in.May:
				v.kept = append(v.kept, told+fmt.Sprintf("%s of %s in disruptions and %s outside of them, at most %s is allowed",
					bound.Quantile, text.Coarse(time.Duration(in.Measured)), text.Coarse(time.Duration(outside.Measured)), bound.Within))
			case starved || t.incomplete.unsound:
				doubt("%s in disruptions, but the run cannot tell whether that was the workload's doing", tooMany(bound, in))
			case certainly.in.certainly[j] <= in.May:
				doubt("%s in disruptions, but only %d of them without being sent late, looked up for long or read late by %s", tooMany(bound, in), certainly.in.certainly[j], t.whoSent())
			default:
				slow := tooMany(bound, in) + " in disruptions"
				v.slow = append(v.slow, told+slow)
				s.Exceeded = append(s.Exceeded, slow)
			}
		}
	}
	return v
}

// tooMany says how a bound was exceeded.
func tooMany(bound report.LatencyBound, part report.LatencyPart) string {
	return fmt.Sprintf("%d of %s took longer than %s, at most %d may (%s was %s)",
		part.Longer, text.Count(part.Answers, "answer"), bound.Within, part.May, bound.Quantile, text.Coarse(time.Duration(part.Measured)))
}

// after is the verdict with the bounds of latency.
func (v *latencyVerdict) after(verdict report.Verdict, reasons []string, baselineFailed bool) (report.Verdict, []string) {
	return withBound(verdict, reasons, v.slow, v.kept, baselineFailed)
}

// withBound is the verdict with a bound of the check's own: where it was exceeded it fails
// the workload whatever else went wrong, but for a baseline that was not clean.
func withBound(verdict report.Verdict, reasons, exceeded, kept []string, baselineFailed bool) (report.Verdict, []string) {
	switch {
	case baselineFailed:
		return verdict, reasons
	case len(exceeded) > 0:
		if verdict == report.Passed {
			reasons = nil
		}
		return report.Failed, slices.Concat(exceeded, reasons)
	case verdict == report.Passed:
		return verdict, slices.Concat(reasons, kept)
	default:
		return verdict, reasons
	}
}
