package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Result is what out/bench.json holds. Figures are medians of the rounds; those of
// parts that were not measured are missing.
type Result struct {
	Date       string `json:"date"`
	Go         string `json:"go"`
	Processors int    `json:"processors"`
	// LoadAverage is the machine's when the bench began.
	LoadAverage [3]float64 `json:"load_average"`
	// Connections are what each client had open.
	Connections int `json:"connections"`
	// WrkThreads is with how many threads wrk does most.
	WrkThreads int     `json:"wrk_threads,omitzero"`
	Seconds    float64 `json:"seconds"`
	// Noisy tells that something else used more than a tenth of the processors while
	// a figure was measured. Repeated is how many measurements were thrown away for
	// that.
	Noisy    bool `json:"noisy"`
	Repeated int  `json:"repeated"`

	Targets []Target `json:"targets"`

	// The ratios are those of requests per second within each round.
	ThroughputRatioVsVegeta float64 `json:"throughput_ratio_vs_vegeta,omitzero"`
	ThroughputRatioVsWrk    float64 `json:"throughput_ratio_vs_wrk,omitzero"`
	// The next two are by client.
	RequestsPerSecond   map[string]float64 `json:"requests_per_second,omitzero"`
	CPUMicrosPerRequest map[string]float64 `json:"cpu_us_per_request,omitzero"`
	// ScheduleErrorMicros is by client and rate, how late requests went out.
	ScheduleErrorMicros map[string]map[string]Quantiles `json:"schedule_error_us,omitzero"`
	// PeakRSSMB is of the engine, by the number of samples.
	PeakRSSMB map[string]float64 `json:"peak_rss_mb,omitzero"`
	// BytesPerSample is what ten million took on disk.
	BytesPerSample float64 `json:"bytes_per_sample,omitzero"`
	// Analyze10M are of shutdowncheck report on ten million samples.
	Analyze10MSeconds float64 `json:"analyze_10m_seconds,omitzero"`
	Analyze10MRSSMB   float64 `json:"analyze_10m_rss_mb,omitzero"`
	// The next two are of shutdowncheck report on as many samples of many senders as of
	// one, over those of the one.
	MergeSecondsRatio float64 `json:"merge_seconds_ratio,omitzero"`
	MergeRSSRatio     float64 `json:"merge_rss_ratio,omitzero"`
	// Senders are by their number. The ratios are those of the most to one, within each
	// round: of processor time per request, and of how late requests went out (p99).
	Senders              map[string]FleetRun `json:"senders,omitzero"`
	SendersCPURatio      float64             `json:"senders_cpu_ratio,omitzero"`
	SendersLatenessRatio float64             `json:"senders_lateness_ratio,omitzero"`
	// Spread is the least and the most that a figure came to in the rounds.
	Spread map[string]Spread `json:"spread,omitzero"`

	Rounds         []Round         `json:"rounds,omitzero"`
	ScheduleRounds []ScheduleRound `json:"schedule_rounds,omitzero"`
	Samples        *Samples        `json:"samples,omitzero"`
	Analyzed       *Analyzed       `json:"analyzed,omitzero"`
	Analyses       []AnalysisRound `json:"analyses,omitzero"`
	Merged         *Merged         `json:"merged,omitzero"`
	Merges         []MergeRound    `json:"merges,omitzero"`
	FleetRounds    []FleetRound    `json:"senders_rounds,omitzero"`
}

// Target is what a figure shall be.
type Target struct {
	Figure string  `json:"figure"`
	Is     float64 `json:"is"`
	Wanted string  `json:"wanted"`
	Met    bool    `json:"met"`
}

// Spread of a figure.
type Spread struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// Quantiles of how late requests went out, in microseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Round is all clients after one another, as fast as they can.
type Round struct {
	Order []string `json:"order"`
	// RequestsPerSecond and CPUMicrosPerRequest are by client.
	RequestsPerSecond   map[string]float64 `json:"requests_per_second"`
	CPUMicrosPerRequest map[string]float64 `json:"cpu_us_per_request"`
	// Foreign is the part of the processors that others used.
	Foreign float64 `json:"foreign"`
}

// ScheduleRound is all clients after one another, at one rate.
type ScheduleRound struct {
	Rate  int      `json:"rate"`
	Order []string `json:"order"`
	// ErrorMicros is by client.
	ErrorMicros map[string]Quantiles `json:"schedule_error_us"`
	Foreign     float64              `json:"foreign"`
}

// Samples tells where those of the memory's part come from.
type Samples struct {
	From string `json:"from"`
	// Rate is what the schedule asked for, in requests per second.
	Rate    float64 `json:"rate"`
	Foreign float64 `json:"foreign"`
}

// Analyzed tells what was analyzed.
type Analyzed struct {
	From     string `json:"from"`
	Samples  int    `json:"samples"`
	Restarts int    `json:"restarts"`
}

// AnalysisRound is the recording analyzed once.
type AnalysisRound struct {
	Seconds float64 `json:"seconds"`
	RSSMB   float64 `json:"rss_mb"`
	Foreign float64 `json:"foreign"`
}

// sum gives the median of a figure in the rounds, and keeps its spread by its name.
func (r *Result) sum(name string, all []float64) float64 {
	if r.Spread == nil {
		r.Spread = map[string]Spread{}
	}
	r.Spread[name] = Spread{slices.Min(all), slices.Max(all)}
	return median(all)
}

func (r *Result) sumRounds() {
	ratios := func(other string) []float64 {
		return each(r.Rounds, func(x Round) float64 { return x.RequestsPerSecond[shutdowncheck] / x.RequestsPerSecond[other] })
	}
	r.ThroughputRatioVsVegeta = r.sum("throughput_ratio_vs_vegeta", ratios(vegetaCommand))
	r.ThroughputRatioVsWrk = r.sum("throughput_ratio_vs_wrk", ratios(wrk))
	r.RequestsPerSecond, r.CPUMicrosPerRequest = map[string]float64{}, map[string]float64{}
	for _, client := range r.Rounds[0].Order {
		r.RequestsPerSecond[client] = r.sum("requests_per_second."+client,
			each(r.Rounds, func(x Round) float64 { return x.RequestsPerSecond[client] }))
		r.CPUMicrosPerRequest[client] = r.sum("cpu_us_per_request."+client,
			each(r.Rounds, func(x Round) float64 { return x.CPUMicrosPerRequest[client] }))
	}
}

func (r *Result) sumSchedule() {
	r.ScheduleErrorMicros = map[string]map[string]Quantiles{}
	for _, client := range r.ScheduleRounds[0].Order {
		r.ScheduleErrorMicros[client] = map[string]Quantiles{}
		for _, rate := range Rates {
			var rounds []ScheduleRound
			for _, x := range r.ScheduleRounds {
				if x.Rate == rate {
					rounds = append(rounds, x)
				}
			}
			name := "schedule_error_us." + client + "." + key(rate)
			r.ScheduleErrorMicros[client][key(rate)] = Quantiles{
				P50: r.sum(name+".p50", each(rounds, func(x ScheduleRound) float64 { return x.ErrorMicros[client].P50 })),
				P99: r.sum(name+".p99", each(rounds, func(x ScheduleRound) float64 { return x.ErrorMicros[client].P99 })),
			}
		}
	}
}

func (r *Result) sumAnalyses() {
	r.Analyze10MSeconds = r.sum("analyze_10m_seconds", each(r.Analyses, func(a AnalysisRound) float64 { return a.Seconds }))
	r.Analyze10MRSSMB = r.sum("analyze_10m_rss_mb", each(r.Analyses, func(a AnalysisRound) float64 { return a.RSSMB }))
}

func each[T any](all []T, figure func(T) float64) []float64 {
	figures := make([]float64, len(all))
	for i, one := range all {
		figures[i] = figure(one)
	}
	return figures
}

// judge compares what was measured with what it shall be.
func (r *Result) judge() {
	r.Targets = []Target{}
	atLeast := func(figure string, is, bound float64) {
		r.Targets = append(r.Targets, Target{figure, is, fmt.Sprintf(">= %g", bound), is >= bound})
	}
	atMost := func(figure string, is, bound float64) {
		r.Targets = append(r.Targets, Target{figure, is, fmt.Sprintf("<= %g", bound), is <= bound})
	}
	if len(r.Rounds) > 0 {
		atLeast("throughput_ratio_vs_vegeta", r.ThroughputRatioVsVegeta, 1.5)
		atLeast("throughput_ratio_vs_wrk", r.ThroughputRatioVsWrk, 0.6)
	}
	if len(r.ScheduleRounds) > 0 {
		atMost("schedule_error_us at 5000/s, p50", r.ScheduleErrorMicros[shutdowncheck][key(5000)].P50, 50)
	}
	if r.Samples != nil {
		atMost("peak_rss_mb at 10M over that at 1M", r.PeakRSSMB["10M"]/r.PeakRSSMB["1M"], 1.2)
		atMost("peak_rss_mb at 10M", r.PeakRSSMB["10M"], 200)
		atMost("bytes_per_sample", r.BytesPerSample, 24)
	}
	if len(r.Analyses) > 0 {
		atMost("analyze_10m_seconds", r.Analyze10MSeconds, 10)
		atMost("analyze_10m_rss_mb", r.Analyze10MRSSMB, 300)
	}
	if len(r.Merges) > 0 {
		atMost("merge_seconds_ratio", r.MergeSecondsRatio, 1.2)
		atMost("merge_rss_ratio", r.MergeRSSRatio, 1.2)
	}
	if len(r.FleetRounds) > 0 {
		atMost("senders_cpu_ratio", r.SendersCPURatio, 1.15)
		atMost("senders, the rate off by", r.rateOff(), 0.005)
		atMost("senders_lateness_ratio", r.SendersLatenessRatio, 1)
	}
}

// JSON writes the result as out/bench.json holds it.
func (r *Result) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // ">= 1.5"
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
