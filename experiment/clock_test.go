package experiment

import "testing"

// A run's clock follows no step of the machine's: the time of day that it gives is the
// one at its beginning and the monotonic time since, to the nanosecond. The machine's
// own time of day is read from another clock, which somebody may set by an hour.
func TestClockDoesNotStep(t *testing.T) {
	now := NewClock()
	first := now()
	for range 10_000 {
		later := now()
		passed := later.Sub(first) // by the monotonic clock
		if shown := later.Round(0).Sub(first.Round(0)); shown != passed {
			t.Fatalf("%s have passed, and the time of day has gone on by %s", passed, shown)
		}
	}
}
