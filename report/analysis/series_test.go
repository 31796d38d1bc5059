package analysis

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
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

// Times are late by whole steps, and only where a request went out later than is
// tolerated.
func TestLateSteps(t *testing.T) {
	type sent struct{ due, late time.Duration }
	cases := map[string]struct {
		sent []sent
		want []report.Lateness
	}{
		"in time":           {sent: []sent{{0, 0}, {second, 50 * ms}, {2 * second, 0}}},
		"one late request":  {sent: []sent{{0, 0}, {1200 * ms, 51 * ms}, {2400 * ms, 0}}, want: []report.Lateness{{From: after(second), To: after(2 * second), Most: report.Duration(51 * ms)}}},
		"steps in a row":    {sent: []sent{{0, 60 * ms}, {1500 * ms, 1300 * ms}, {3 * second, 0}}, want: []report.Lateness{{From: after(0), To: after(2 * second), Most: report.Duration(1300 * ms)}}},
		"in time between":   {sent: []sent{{0, 60 * ms}, {1500 * ms, 0}, {3 * second, 70 * ms}}, want: []report.Lateness{{From: after(0), To: after(second), Most: report.Duration(60 * ms)}, {From: after(3 * second), To: after(4 * second), Most: report.Duration(70 * ms)}}},
		"cut short at last": {sent: []sent{{0, 0}, {100 * ms, 0}, {200 * ms, 90 * ms}}, want: []report.Lateness{{From: after(0), To: after(300 * ms), Most: report.Duration(90 * ms)}}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			tally := newSeriesTally(began)
			for _, s := range test.sent {
				tally.take(&recording.Sample{Scheduled: after(s.due), Sent: s.late, Outcome: recording.Failed})
			}
			if got := late(tally); !slices.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}

	// Longer steps keep the latest of those that they are made of.
	tally := newSeriesTally(began)
	tally.take(&recording.Sample{Scheduled: after(3 * second), Sent: 80 * ms})
	tally.take(&recording.Sample{Scheduled: after(seriesSteps * second)})
	want := []report.Lateness{{From: after(2 * second), To: after(4 * second), Most: report.Duration(80 * ms)}}
	if got := late(tally); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A damaged header may put the run's beginning anywhere.
func TestSeriesFromLongAgo(t *testing.T) {
	tally := newSeriesTally(time.Time{})
	tally.take(&recording.Sample{Scheduled: began, Outcome: recording.OK})
	tally.take(&recording.Sample{Scheduled: began, Outcome: recording.OK, Sent: second})
	for _, l := range late(tally) {
		if !l.From.Before(l.To) {
			t.Errorf("late from %s to %s", l.From, l.To)
		}
	}
	if n := len(tally.series().OK); n > seriesSteps {
		t.Errorf("%d steps", n)
	}
	if since := began.Sub(time.Time{}); since != math.MaxInt64 {
		t.Fatalf("%s are not the longest time", since)
	}
}
