package bench

import (
	"fmt"
	"maps"
	"slices"
)

// Text is a summary for people.
func (r *Result) Text() string {
	var text []byte
	for _, client := range slices.Sorted(maps.Keys(r.RequestsPerSecond)) {
		text = fmt.Appendf(text, "%-14s %8.0f requests/s, %5.1f µs of processor time each\n",
			client, r.RequestsPerSecond[client], r.CPUMicrosPerRequest[client])
	}
	for _, client := range slices.Sorted(maps.Keys(r.ScheduleErrorMicros)) {
		for _, rate := range Rates {
			q := r.ScheduleErrorMicros[client][key(rate)]
			text = fmt.Appendf(text, "%-14s %8d/s: late by %.0f µs (p50), %.0f µs (p99)\n", client, rate, q.P50, q.P99)
		}
	}
	for _, n := range Fleets {
		if one, ok := r.Senders[key(n)]; ok {
			text = fmt.Appendf(text, "%d senders: %.1f/s, %.1f µs of processor time each, late by %.0f µs (p50), %.0f µs (p99)\n",
				n, one.Rate, one.CPUMicrosPerRequest, one.LatenessMicros.P50, one.LatenessMicros.P99)
		}
	}
	for _, t := range r.Targets {
		met := "met"
		if !t.Met {
			met = "NOT MET"
		}
		text = fmt.Appendf(text, "%-38s %10.2f  wanted %-7s %s\n", t.Figure, t.Is, t.Wanted, met)
	}
	if r.Noisy {
		text = append(text, "the machine was busy with something else: the figures are noisy\n"...)
	}
	return string(text)
}
