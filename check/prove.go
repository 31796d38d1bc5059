package check

import (
	"fmt"
	"time"
)

// Prove repeats the whole sequence of disruptions until it is proven, or refuted, that no
// larger share of the ends of pods than LossyEnds lose a request.
type Prove struct {
	// LossyEnds is the largest share of ends that may lose a request.
	LossyEnds Share `json:"lossyEnds"`
	// Confidence is that of either answer.
	Confidence Share `json:"confidence,omitempty"`
	// Within bounds the time for that, from the first disruption on.
	Within Duration `json:"within,omitempty"`
}

// What Prove means where it is silent.
const (
	DefaultConfidence = Share(0.95)
	DefaultWithin     = Duration(time.Hour)
)

// The bounds of a proof. It takes some hundred thousand ends at the least of both.
const (
	leastLossyEnds = Share(0.0001)
	mostConfidence = Share(0.9999)
)

func (c Check) validateProve(p *problems) {
	if c.Prove == nil {
		return
	}
	if s := c.Prove.LossyEnds; s < leastLossyEnds || s >= 1 {
		p.add("prove.lossyEnds", "%s; want a share between 0 and 1 (%s at least), for example 5%%", s, leastLossyEnds)
	}
	if s := c.Prove.Confidence; s <= 0 || s > mostConfidence {
		p.add("prove.confidence", "%s; want a share between 0 and 1 (%s at most), for example 95%%", s, mostConfidence)
	}
	switch round := c.shortestRound(); {
	case c.Prove.Within > MaxSoak:
		p.add("prove.within", "%s; want at most %s", c.Prove.Within, MaxSoak)
	case c.Prove.Within <= 0:
		p.add("prove.within", "%s; want more than 0", c.Prove.Within)
	case c.Prove.Within < round:
		p.add("prove.within", "%s; want at least the time of one round, whose settling and pauses alone take %s", c.Prove.Within, round)
	}
	if c.Soak != nil {
		p.add("prove", "both it and soak repeat the disruptions; want one of them")
	}
	if c.StopOnFailure {
		p.add("stopOnFailure", "prove counts the ends that lose a request, and goes on after the first; want one of the two")
	}
	for i, d := range c.Disruptions {
		if d.Observe != nil {
			p.add(fmt.Sprintf("disruptions[%d].observe", i), "it ends no pod by itself, and prove has ends counted that the run makes; want another disruption, or no prove")
		}
	}
}

// shortestRound is what doing the disruptions once takes at the least.
func (c Check) shortestRound() Duration {
	var all Duration
	for _, d := range c.Disruptions {
		times := Duration(max(d.Repeat, 1))
		all += times*c.Timing.Settle + (times-1)*d.Pause
	}
	return all
}
