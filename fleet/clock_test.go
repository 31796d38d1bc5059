package fleet

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/sender"
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

// So many senders are asked the time at once, and no more.
func TestClocksAreMeasuredOfSomeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		asking, most := 0, 0
		count := func(change int) {
			mu.Lock()
			defer mu.Unlock()
			asking += change
			most = max(most, asking)
		}
		f := &Fleet{cfg: Config{Now: time.Now}}
		for i := range 3 * atOnce {
			m := unreachable(nil, nil)
			m.Index = i
			m.client = sender.NewClient(func(context.Context) (net.Conn, error) {
				count(1)
				defer count(-1)
				time.Sleep(time.Second)
				return nil, errors.New("connection refused")
			}, "token")
			m.fleet, f.members = f, append(f.members, m)
		}
		if err := f.Start(t.Context()); err == nil {
			t.Error("it started")
		}
		if most != atOnce {
			t.Errorf("%d were asked at once, want %d", most, atOnce)
		}
	})
}
