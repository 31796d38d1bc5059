package check

import (
	"cmp"
	"fmt"
)

// Quantile is the share of a stream's answers that a bound of latency is for.
type Quantile string

// The quantiles. Max is that of all answers.
const (
	P50 Quantile = "p50"
	P90 Quantile = "p90"
	P95 Quantile = "p95"
	P99 Quantile = "p99"
	Max Quantile = "max"
)

// Quantiles are in their order.
var Quantiles = []Quantile{P50, P90, P95, P99, Max}

var percents = map[Quantile]int{P50: 50, P90: 90, P95: 95, P99: 99, Max: 100}

// Percent is the share of the answers that have to be within the bound.
func (q Quantile) Percent() int { return percents[q] }

// May is how many of so many answers may take longer than the bound.
func (q Quantile) May(answers int) int { return answers * (100 - q.Percent()) / 100 }

// LatencyBound is the time within which a share of a stream's answers have to come, counted
// from when each request was due.
type LatencyBound struct {
	Quantile Quantile
	Within   Duration
}

// latencies are the bounds of a budget in the order of the quantiles, 0 for none.
type latencies [5]Duration

func (b Budget) latencies() latencies { return latencies{b.P50, b.P90, b.P95, b.P99, b.Max} }

func (b *StreamBudget) latencies() latencies {
	if b == nil {
		return latencies{}
	}
	return latencies{b.P50, b.P90, b.P95, b.P99, b.Max}
}

// LatencyBounds are those of the stream: its own, and the whole budget's where it has none
// of its own for a quantile. Latencies of different streams are never mixed.
func (b Budget) LatencyBounds(s Stream) []LatencyBound {
	var all []LatencyBound
	whole, own := b.latencies(), s.Budget.latencies()
	for i, q := range Quantiles {
		if within := cmp.Or(own[i], whole[i]); within != 0 {
			all = append(all, LatencyBound{q, within})
		}
	}
	return all
}

// validateLatencies refuses bounds that mean nothing.
func (c Check) validateLatencies(p *problems) {
	negative := func(at string, bounds latencies) {
		for i, q := range Quantiles {
			if bounds[i] < 0 {
				p.add(fmt.Sprintf("%s.%s", at, q), "%s; want more than 0, or 0s for no bound", bounds[i])
			}
		}
	}
	negative("budget", c.Budget.latencies())
	told := map[string]bool{}
	for i, s := range c.Streams {
		own := s.Budget.latencies()
		negative(fmt.Sprintf("streams[%d].budget", i), own)
		for _, bound := range c.Budget.LatencyBounds(s) {
			at := fmt.Sprintf("budget.%s", bound.Quantile)
			if own.has(bound.Quantile) {
				at = fmt.Sprintf("streams[%d].budget.%s", i, bound.Quantile)
			}
			if bound.Within > s.Timeout && s.Timeout > 0 && !told[at] {
				told[at] = true // once, however many streams it is for
				p.add(at, "%s is more than the timeout of stream %s (%s), after which there is no answer; want less", bound.Within, s.Name, s.Timeout)
			}
		}
	}
}

func (l latencies) has(quantile Quantile) bool {
	for i, q := range Quantiles {
		if q == quantile {
			return l[i] != 0
		}
	}
	return false
}
