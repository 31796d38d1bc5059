package analysis

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestSeries(t *testing.T) {
	tally := newSeriesTally(began)
	take := func(at time.Duration, outcome recording.Outcome, took time.Duration) {
		tally.take(&recording.Sample{Scheduled: after(at), Outcome: outcome, End: took})
	}
	take(0, recording.OK, 10*ms)
	take(500*ms, recording.OK, 30*ms)
	take(1500*ms, recording.Failed, ms)
	take(2500*ms, recording.OK, 20*ms)
	take(-second, recording.OK, ms) // the header's time is a little late
	got := tally.series()
	if !slices.Equal(got.OK, []int{3, 0, 1}) || !slices.Equal(got.Failed, []int{0, 1, 0}) || time.Duration(got.Max[0]) != 30*ms || got.P99[1] != 0 {
		t.Errorf("%+v", got)
	}

	// A run that is longer than the steps gets longer ones, and loses nothing.
	take(seriesSteps*second, recording.OK, 40*ms)
	got = tally.series()
	if time.Duration(got.Step) != 2*second || got.OK[0] != 3 || got.Failed[0] != 1 || got.OK[1] != 1 || len(got.OK) != seriesSteps/2+1 {
		t.Errorf("%+v", got)
	}
}

// A damaged header may put the run's beginning anywhere.
func TestSeriesFromLongAgo(t *testing.T) {
	tally := newSeriesTally(time.Time{})
	tally.take(&recording.Sample{Scheduled: began, Outcome: recording.OK})
	if n := len(tally.series().OK); n > seriesSteps {
		t.Errorf("%d steps", n)
	}
	if since := began.Sub(time.Time{}); since != math.MaxInt64 {
		t.Fatalf("%s are not the longest time", since)
	}
}
