package bench

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func rounds(perSecond ...[3]float64) []Round {
	var all []Round
	for _, n := range perSecond {
		all = append(all, Round{
			Order:               []string{shutdowncheck, vegetaCommand, wrk},
			RequestsPerSecond:   map[string]float64{shutdowncheck: n[0], vegetaCommand: n[1], wrk: n[2]},
			CPUMicrosPerRequest: map[string]float64{shutdowncheck: 10, vegetaCommand: 20, wrk: 5},
		})
	}
	return all
}

// The ratio is the median of the rounds' ratios: what slows a whole round down says
// nothing of either client.
func TestRatios(t *testing.T) {
	r := Result{Rounds: rounds([3]float64{60, 40, 100}, [3]float64{6, 3, 10}, [3]float64{70, 10, 50})}
	r.sumRounds()
	if r.ThroughputRatioVsVegeta != 2 || r.ThroughputRatioVsWrk != 0.6 {
		t.Errorf("%v, %v", r.ThroughputRatioVsVegeta, r.ThroughputRatioVsWrk)
	}
	if got := r.Spread["throughput_ratio_vs_vegeta"]; got != (Spread{1.5, 7}) {
		t.Errorf("%v", got)
	}
	if r.RequestsPerSecond[vegetaCommand] != 10 || r.CPUMicrosPerRequest[wrk] != 5 {
		t.Errorf("%v, %v", r.RequestsPerSecond, r.CPUMicrosPerRequest)
	}
}

func TestScheduleErrors(t *testing.T) {
	round := func(rate int, ours, theirs float64) ScheduleRound {
		return ScheduleRound{Rate: rate, Order: []string{shutdowncheck, vegetaCommand}, ErrorMicros: map[string]Quantiles{
			shutdowncheck: {ours, 10 * ours}, vegetaCommand: {theirs, 10 * theirs},
		}}
	}
	var r Result
	for _, rate := range Rates {
		r.ScheduleRounds = append(r.ScheduleRounds, round(rate, 30, 400), round(rate, 1, 500), round(rate, 20, 600))
	}
	r.ScheduleRounds = append(r.ScheduleRounds, round(5000, 99, 500), round(5000, 99, 500))
	r.sumSchedule()
	if got := r.ScheduleErrorMicros[shutdowncheck]["100"]; got != (Quantiles{20, 200}) {
		t.Errorf("%v", got)
	}
	if got := r.ScheduleErrorMicros[shutdowncheck]["5000"]; got != (Quantiles{30, 300}) {
		t.Errorf("%v", got)
	}
	if got := r.ScheduleErrorMicros[vegetaCommand]["10000"]; got != (Quantiles{500, 5000}) {
		t.Errorf("%v", got)
	}
}

func TestJudge(t *testing.T) {
	r := Result{
		Rounds: rounds([3]float64{70, 40, 100}), ThroughputRatioVsVegeta: 1.75, ThroughputRatioVsWrk: 0.5,
		ScheduleRounds:      []ScheduleRound{{}},
		ScheduleErrorMicros: map[string]map[string]Quantiles{shutdowncheck: {"5000": {P50: 51}}},
		Samples:             &Samples{}, PeakRSSMB: map[string]float64{"1M": 100, "10M": 120}, BytesPerSample: 24,
		Analyses:          []AnalysisRound{{}},
		Analyze10MSeconds: 11, Analyze10MRSSMB: 301,
		Merges:            []MergeRound{{}},
		MergeSecondsRatio: 1.2, MergeRSSRatio: 1.21,
		FleetRounds:     []FleetRound{{}},
		SendersCPURatio: 1.16, SendersLatenessRatio: 1,
		Senders: map[string]FleetRun{"1": {Rate: 4000}, "4": {Rate: 3979}},
	}
	r.judge()
	var missed []string
	for _, target := range r.Targets {
		if !target.Met {
			missed = append(missed, target.Figure)
		}
	}
	want := []string{
		"throughput_ratio_vs_wrk", "schedule_error_us at 5000/s, p50", "analyze_10m_seconds", "analyze_10m_rss_mb", "merge_rss_ratio",
		"senders_cpu_ratio", "senders, the rate off by",
	}
	if len(r.Targets) != 13 || !slices.Equal(missed, want) {
		t.Errorf("%d targets, missed %q, want %q", len(r.Targets), missed, want)
	}
}

// What was not measured is missing, and is no target.
func TestPartOfABench(t *testing.T) {
	r := Result{Rounds: rounds([3]float64{70, 40, 100})}
	r.sumRounds()
	r.judge()
	var out bytes.Buffer
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"throughput_ratio_vs_vegeta", "cpu_us_per_request", "rounds", "targets"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %s in %s", key, out.Bytes())
		}
	}
	for _, key := range []string{"schedule_error_us", "peak_rss_mb", "bytes_per_sample", "analyze_10m_seconds", "merge_seconds_ratio", "senders"} {
		if value, ok := got[key]; ok {
			t.Errorf("%s is %v", key, value)
		}
	}
	if text := r.Text(); !strings.Contains(text, "throughput_ratio_vs_wrk") || strings.Contains(text, "peak_rss_mb") {
		t.Error(text)
	}
}
