package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestClocks(t *testing.T) {
	const ms = time.Millisecond
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	// renewal happens so long after start, on a clock that is ahead by offset,
	// and arrives delay later.
	renewal := func(component string, after, offset, delay time.Duration) recording.Event {
		return recording.Event{
			At:    start.Add(after + delay),
			Lease: &recording.LeaseObservation{Component: component, Renewed: start.Add(after + offset)},
		}
	}
	gap := func(from, to time.Duration) recording.Event {
		return recording.Event{At: start.Add(to), Gap: &recording.Gap{Resource: "leases", From: start.Add(from), To: start.Add(to)}}
	}
	// repeat is n renewals of node a, 10 s apart.
	repeat := func(n int, offset, delay time.Duration) (events []recording.Event) {
		for i := range n {
			events = append(events, renewal("node/a", time.Duration(i)*10*time.Second, offset, delay))
		}
		return events
	}
	tests := []struct {
		name   string
		events []recording.Event
		want   span
	}{
		{"no lease", nil, span{-50 * ms, 50 * ms}},
		{"another node's lease", []recording.Event{renewal("node/b", 0, time.Hour, 0)}, span{-50 * ms, 50 * ms}},
		{"one renewal, in accord with what is assumed", []recording.Event{renewal("node/a", 0, 0, 8*ms)}, span{-8 * ms, 50 * ms}},
		{"few slow ones tell nothing", repeat(3, 0, 277*ms), span{-50 * ms, 50 * ms}},
		{"one renewal of a clock ahead by seconds may have been slow", repeat(1, 3*time.Second, 8*ms), span{2992 * ms, 3992 * ms}},
		{"several: the fastest counts", append(repeat(12, 0, 300*ms), renewal("node/a", time.Hour, 0, 4*ms)), span{-4 * ms, 46 * ms}},
		{"a clock ahead by seconds", repeat(10, 3*time.Second, 5*ms), span{2995 * ms, 3045 * ms}},
		{"a clock behind by seconds", repeat(10, -2*time.Second, 5*ms), span{-2005 * ms, -1955 * ms}},
		{"a renewal told again adds none", []recording.Event{
			renewal("node/a", 0, 0, 6*ms), renewal("node/a", 0, 0, 400*ms), renewal("node/a", 0, 0, 900*ms),
		}, span{-6 * ms, 50 * ms}},
		{"an older renewal that arrives last changes nothing", []recording.Event{
			renewal("node/a", 10*time.Second, 0, 6*ms), renewal("node/a", 0, 0, 11*time.Second),
		}, span{-6 * ms, 50 * ms}},
		{"all of them late after a gap: nothing is known", []recording.Event{
			gap(0, 30*time.Second), renewal("node/a", 10*time.Second, 0, 20*time.Second+1*ms), renewal("node/a", 20*time.Second, 0, 10*time.Second+2*ms),
		}, span{-50 * ms, 50 * ms}},
		{"a gap does not spoil the prompt ones", []recording.Event{
			renewal("node/a", 0, 0, 5*ms), gap(5*time.Second, 15*time.Second), renewal("node/a", 10*time.Second, 0, 5*time.Second+1*ms),
			renewal("node/a", 20*time.Second, 0, 6*ms), renewal("node/a", 30*time.Second, 0, 7*ms),
		}, span{-5 * ms, 50 * ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := readClocks(recording.EventsOf(tt.events), span{}).node("a"); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}

	manager := []recording.Event{renewal("kube-controller-manager", 0, 5*time.Second, 0)}
	if got, want := readClocks(recording.EventsOf(manager), span{}).controllerManager(), (span{5 * time.Second, 6 * time.Second}); got != want {
		t.Errorf("controller manager: got %v, want %v", got, want)
	}
}

func TestToHarness(t *testing.T) {
	second := time.Date(2026, 3, 1, 12, 0, 5, 0, time.UTC)
	exit := report.Interval{From: second, To: second.Add(time.Second)}
	got := toHarness(exit, span{2 * time.Second, 2*time.Second + 50*time.Millisecond})
	want := report.Interval{From: second.Add(-2050 * time.Millisecond), To: second.Add(-time.Second)}
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := toHarness(report.Interval{}, span{-time.Second, time.Second}); got.Known() {
		t.Errorf("what is not known became %v", got)
	}
}
