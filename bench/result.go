package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Result is what out/bench.json holds. Ratios and times are medians of the rounds.
type Result struct {
	Date       string `json:"date"`
	Go         string `json:"go"`
	Processors int    `json:"processors"`
	// Noisy tells that something else used more than a tenth of the processors in
	// the median round.
	Noisy bool `json:"noisy"`

	ThroughputRatioVsVegeta float64            `json:"throughput_ratio_vs_vegeta"`
	ThroughputRatioVsWrk    float64            `json:"throughput_ratio_vs_wrk"`
	CPUMicrosPerRequest     map[string]float64 `json:"cpu_us_per_request"`
	// ScheduleErrorMicros is by client and rate, how late requests went out.
	ScheduleErrorMicros map[string]map[string]Quantiles `json:"schedule_error_us"`
	// PeakRSSMB is of the engine, by the number of samples.
	PeakRSSMB      map[string]float64 `json:"peak_rss_mb"`
	BytesPerSample float64            `json:"bytes_per_sample"`
	// Analyze10M are of `shutdowncheck report` on the recording of ten million.
	Analyze10MSeconds float64 `json:"analyze_10m_seconds"`
	Analyze10MRSSMB   float64 `json:"analyze_10m_rss_mb"`

	Rounds  []Round  `json:"rounds"`
	Targets []Target `json:"targets"`
}

// Quantiles of how late requests went out, in microseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Round is all clients after one another, in one order and then in the other.
type Round struct {
	// RequestsPerSecond and CPUMicrosPerRequest are by client.
	RequestsPerSecond   map[string]float64 `json:"requests_per_second"`
	CPUMicrosPerRequest map[string]float64 `json:"cpu_us_per_request"`
	// Foreign is the part of the processors that others used.
	Foreign float64 `json:"foreign"`
}

// Target is what a figure shall be.
type Target struct {
	Figure string  `json:"figure"`
	Is     float64 `json:"is"`
	Wanted string  `json:"wanted"`
	Met    bool    `json:"met"`
}

func (r *Result) judge(parts map[string]bool) {
	atLeast := func(figure string, is, bound float64) {
		r.Targets = append(r.Targets, Target{figure, is, fmt.Sprintf(">= %g", bound), is >= bound})
	}
	atMost := func(figure string, is, bound float64) {
		r.Targets = append(r.Targets, Target{figure, is, fmt.Sprintf("<= %g", bound), is <= bound})
	}
	if parts[Throughput] {
		atLeast("throughput_ratio_vs_vegeta", r.ThroughputRatioVsVegeta, 1.5)
		atLeast("throughput_ratio_vs_wrk", r.ThroughputRatioVsWrk, 0.6)
	}
	if parts[Schedule] {
		atMost("schedule_error_us at 5000/s, p50", r.ScheduleErrorMicros[shutdowncheck]["5000"].P50, 50)
	}
	if parts[Memory] {
		atMost("peak_rss_mb at 10M over that at 1M", r.PeakRSSMB["10M"]/r.PeakRSSMB["1M"], 1.2)
		atMost("peak_rss_mb at 10M", r.PeakRSSMB["10M"], 200)
		atMost("bytes_per_sample", r.BytesPerSample, 24)
		atMost("analyze_10m_seconds", r.Analyze10MSeconds, 10)
		atMost("analyze_10m_rss_mb", r.Analyze10MRSSMB, 300)
	}
}

// JSON writes the result as out/bench.json holds it.
func (r *Result) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// Text is a summary for people.
func (r *Result) Text() string {
	var text []byte
	for _, client := range slices.Sorted(maps.Keys(r.CPUMicrosPerRequest)) {
		var perSecond []float64
		for _, round := range r.Rounds {
			perSecond = append(perSecond, round.RequestsPerSecond[client])
		}
		text = fmt.Appendf(text, "%-14s %8.0f requests/s, %5.1f µs of processor time each\n", client, median(perSecond), r.CPUMicrosPerRequest[client])
	}
	for _, client := range slices.Sorted(maps.Keys(r.ScheduleErrorMicros)) {
		for _, rate := range Rates {
			q := r.ScheduleErrorMicros[client][fmt.Sprint(rate)]
			text = fmt.Appendf(text, "%-14s %8d/s: late by %.0f µs (p50), %.0f µs (p99)\n", client, rate, q.P50, q.P99)
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
