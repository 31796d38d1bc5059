package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestSequence(t *testing.T) {
	second := check.Duration(time.Second)
	a, b := check.Disruption{Restart: &check.Restart{}}, check.Disruption{Observe: &check.Observe{}}
	repeated := func(d check.Disruption, n int, pause check.Duration) check.Disruption {
		d.Repeat, d.Pause = n, pause
		return d
	}
	tests := map[string]struct {
		disruptions []check.Disruption
		soak        *check.Soak
		// takes is how long each step takes.
		takes time.Duration
		// want holds "index.round at the time since the start".
		want []string
	}{
		"once":                {[]check.Disruption{a, b}, nil, time.Second, []string{"0.0 at 0s", "1.0 at 1s"}},
		"repeat 0 means once": {[]check.Disruption{repeated(a, 0, 0)}, nil, time.Second, []string{"0.0 at 0s"}},
		"repeats":             {[]check.Disruption{repeated(a, 2, 0), b}, nil, time.Second, []string{"0.0 at 0s", "0.1 at 1s", "1.0 at 2s"}},
		"the pause lies between": {
			[]check.Disruption{repeated(a, 3, 5*second), repeated(b, 1, 5*second)},
			nil, time.Second,
			[]string{"0.0 at 0s", "0.1 at 6s", "0.2 at 12s", "1.0 at 13s"},
		},
		"soak": {
			[]check.Disruption{a, b},
			&check.Soak{Every: 10 * second, For: 25 * second}, time.Second,
			[]string{"0.0 at 0s", "1.0 at 1s", "0.1 at 10s", "1.1 at 11s", "0.2 at 20s", "1.2 at 21s"},
		},
		"none begins when it is over": {
			[]check.Disruption{a},
			&check.Soak{Every: 10 * second, For: 20 * second}, time.Second,
			[]string{"0.0 at 0s", "0.1 at 10s"},
		},
		"a long one delays the next and is not made up for": {
			[]check.Disruption{a},
			&check.Soak{Every: 10 * second, For: 60 * second}, 25 * time.Second,
			[]string{"0.0 at 0s", "0.1 at 25s", "0.2 at 50s"},
		},
		"none begins late": {
			[]check.Disruption{a},
			&check.Soak{Every: 10 * second, For: 20 * second}, 25 * time.Second,
			[]string{"0.0 at 0s"},
		},
		"rounds go on over passes": {
			[]check.Disruption{repeated(a, 2, 0)},
			&check.Soak{Every: 10 * second, For: 20 * second}, time.Second,
			[]string{"0.0 at 0s", "0.1 at 1s", "0.2 at 10s", "0.3 at 11s"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got []string
				for s, err := range sequence(t.Context(), check.Check{Disruptions: test.disruptions, Soak: test.soak}) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%d.%d at %s", s.index, s.round, time.Since(start)))
					time.Sleep(test.takes)
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("got  %q\nwant %q", got, test.want)
				}
			})
		})
	}
}

func TestSequenceEndsWithItsContext(t *testing.T) {
	pause := check.Check{Disruptions: []check.Disruption{{Restart: &check.Restart{}, Repeat: 3, Pause: check.Duration(time.Hour)}}}
	soak := check.Check{
		Disruptions: []check.Disruption{{Restart: &check.Restart{}}},
		Soak:        &check.Soak{Every: check.Duration(time.Hour), For: check.Duration(24 * time.Hour)},
	}
	for name, c := range map[string]check.Check{"in a pause": pause, "between passes": soak} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				var steps int
				var last error
				for _, err := range sequence(ctx, c) {
					if last = err; err == nil {
						steps++
					}
				}
				if steps != 1 || !errors.Is(last, ErrInterrupted) {
					t.Errorf("%d steps, then %v; want 1, then %v", steps, last, ErrInterrupted)
				}
			})
		})
	}
}

func TestSequenceStopsWhenItIsLeft(t *testing.T) {
	c := check.Check{
		Disruptions: []check.Disruption{{Restart: &check.Restart{}, Repeat: 3, Pause: check.Duration(time.Hour)}},
		Soak:        &check.Soak{Every: check.Duration(time.Hour), For: check.Duration(24 * time.Hour)},
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for _, err := range sequence(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("waited another %s", waited)
		}
	})
}

func TestStepTimeout(t *testing.T) {
	timing := check.Timing{Timeout: check.Duration(time.Minute)}
	observe := step{Disruption: check.Disruption{Observe: &check.Observe{For: check.Duration(time.Hour)}}}
	if got := observe.timeout(timing); got != time.Hour+time.Minute {
		t.Errorf("observe: got %s", got)
	}
	if got := (step{Disruption: check.Disruption{Restart: &check.Restart{}}}).timeout(timing); got != time.Minute {
		t.Errorf("restart: got %s", got)
	}
}

func TestRepetition(t *testing.T) {
	tests := map[string]check.Disruption{
		"":                                  {Repeat: 1, Pause: check.Duration(time.Second)},
		", 3 times":                         {Repeat: 3},
		", 2 times, 5s after each settling": {Repeat: 2, Pause: check.Duration(5 * time.Second)},
	}
	for want, d := range tests {
		if got := repetition(d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
