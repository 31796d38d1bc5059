package analysis

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// newHistogram holds durations in microseconds up to ten minutes, to three
// digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, (10 * time.Minute).Microseconds(), 3)
}

func recordIn(h *hdrhistogram.Histogram, d time.Duration) {
	micros := min(max(d.Microseconds(), 1), h.HighestTrackableValue())
	// The value lies within the histogram's range, so this cannot fail.
	_ = h.RecordValue(micros)
}

func quantile(h *hdrhistogram.Histogram, q float64) report.Duration {
	if h.TotalCount() == 0 {
		return 0
	}
	return report.Duration(time.Duration(h.ValueAtQuantile(q)) * time.Microsecond)
}

// timeOfLonger is the share that the times which are longer have in the sum of all: of
// requests that take so long each, and are sent at any time, so many are under way at a moment.
func timeOfLonger(h *hdrhistogram.Histogram, d time.Duration) float64 {
	var longer, sum int64
	for _, bar := range h.Distribution() {
		sum += bar.Count * bar.To
		if bar.To > d.Microseconds() {
			longer += bar.Count * bar.To
		}
	}
	return float64(longer) / float64(max(sum, 1))
}

// longerThan is the share of the times that are longer.
func longerThan(h *hdrhistogram.Histogram, d time.Duration) float64 {
	var longer int64
	for _, bar := range h.Distribution() {
		if bar.To > d.Microseconds() {
			longer += bar.Count
		}
	}
	return float64(longer) / float64(max(h.TotalCount(), 1))
}
