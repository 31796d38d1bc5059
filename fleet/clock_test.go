package fleet

import (
	"testing"
	"time"
)

func TestOffset(t *testing.T) {
	run := time.Unix(1_800_000_000, 0)
	// The sender's clock is 5 s ahead; the question was under way for 30 ms, the answer
	// for 10 ms.
	asked, answered := run, run.Add(40*time.Millisecond)
	got := offset(run.Add(5*time.Second+30*time.Millisecond), asked, answered)
	if want := (interval{5*time.Second - 10*time.Millisecond, 5*time.Second + 30*time.Millisecond}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if middle := got.middle(); middle != 5*time.Second+10*time.Millisecond {
		t.Errorf("got the middle %s", middle)
	}
	if left := got.less(got.middle()); left != (interval{-20 * time.Millisecond, 20 * time.Millisecond}) {
		t.Errorf("%v are left", left)
	}
}

func TestNarrowed(t *testing.T) {
	for name, test := range map[string]struct {
		all  []interval
		want interval
	}{
		"one":                  {[]interval{{-3, 5}}, interval{-3, 5}},
		"both ends":            {[]interval{{-3, 5}, {-9, 2}, {-1, 90}}, interval{-1, 2}},
		"a clock that moved":   {[]interval{{-3, 5}, {100, 101}, {90, 103}}, interval{100, 101}},
		"they touch at a time": {[]interval{{-3, 5}, {5, 9}}, interval{5, 5}},
	} {
		if got := narrowed(test.all); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
