package analysis

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// boundedLatency counts a stream's answers by the bounds of its latency, in disruptions and
// outside of them: a quantile over both would hide a disruption that is short.
type boundedLatency struct {
	bounds      []check.LatencyBound
	in, outside latencyPart
}

// latencyPart counts a part of a stream's answers.
type latencyPart struct {
	answers int
	// longer counts by bound the answers that took longer since they were due, certainly
	// those of them that no delay on this side explains.
	longer, certainly []int
	latency           *hdrhistogram.Histogram
	maximum           time.Duration
}

// newBoundedLatency is nil where there is no bound.
func newBoundedLatency(bounds []check.LatencyBound) *boundedLatency {
	if len(bounds) == 0 {
		return nil
	}
	b := &boundedLatency{bounds: bounds}
	for _, part := range []*latencyPart{&b.in, &b.outside} {
		*part = latencyPart{longer: make([]int, len(bounds)), certainly: make([]int, len(bounds)), latency: newHistogram()}
	}
	return b
}

// take counts an answer. That it took too long is no delay of this side's where it did so
// from its dial on, after any lookup of the name, and the process that sent it ran all the
// while: one that stands still finds an answer late that had come in time.
func (b *boundedLatency) take(s *recording.Sample, disturbed bool, stalls stalls) {
	part := &b.outside
	if disturbed {
		part = &b.in
	}
	part.answers++
	part.maximum = max(part.maximum, s.End)
	recordIn(part.latency, s.End)
	served := s.End - max(s.Sent, s.Resolved)
	for i, bound := range b.bounds {
		within := time.Duration(bound.Within)
		if s.End <= within {
			continue
		}
		part.longer[i]++
		if served > within && !stalls.during(s.Sender, s.DialledAt(), s.EndAt()) {
			part.certainly[i]++
		}
	}
}

// told are the bounds with what was measured; nil where there is none.
func (b *boundedLatency) told() []report.LatencyBound {
	if b == nil {
		return nil
	}
	all := make([]report.LatencyBound, len(b.bounds))
	for i, bound := range b.bounds {
		all[i] = report.LatencyBound{Quantile: bound.Quantile, Within: bound.Within, In: b.in.told(i, bound.Quantile), Outside: b.outside.told(i, bound.Quantile)}
	}
	return all
}

func (p *latencyPart) told(i int, q check.Quantile) report.LatencyPart {
	measured := report.Duration(p.maximum)
	if q != check.Max {
		measured = quantile(p.latency, float64(q.Percent()))
	}
	return report.LatencyPart{Answers: p.answers, Longer: p.longer[i], May: q.May(p.answers), Measured: measured}
}
