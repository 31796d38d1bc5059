package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// All senders know the pods before they send, and follow; also what changed while they could
// not be reached.
func TestAllSendersAreToldOfThePods(t *testing.T) {
	c := newCluster(t)
	cfg, got := config(t, c, "http://shop.invalid/", 2)
	cfg.Assignment.Target.Via = &check.Via{Lag: new(check.Duration(0)), CloseOnForget: new(true)}
	first, second, third := target(t, 0).Listener.Addr().String(), target(t, 0).Listener.Addr().String(), target(t, 0).Listener.Addr().String()
	knows := func(number uint64, address string) sender.Backends {
		return sender.Backends{Number: number, Sets: map[string][]sender.Backend{"shop.invalid": {{Address: address}}}}
	}
	f, err := Launch(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Remove(t.Context()); err != nil && !strings.Contains(err.Error(), "canceled") {
			t.Error(err)
		}
	})
	f.Backends(knows(1, first))
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ok := func() (sum uint64) {
		for _, s := range f.Counts(t.Context()) {
			sum += s.OK
		}
		return sum
	}
	until(t, "the first answers", func() bool { return ok() > 10 })
	f.Backends(knows(2, second))
	time.Sleep(500 * time.Millisecond)
	c.away(true)
	f.Backends(knows(3, third))
	time.Sleep(300 * time.Millisecond)
	c.away(false)
	time.Sleep(1500 * time.Millisecond)
	end, err := f.Stop(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[int]map[string]int{0: {}, 1: {}}
	for _, of := range got.samples(t, end) {
		for _, s := range of {
			asked[s.Sender][s.RemoteAddr]++
			if s.Outcome != recording.OK {
				t.Errorf("%+v", s)
			}
		}
	}
	for index, by := range asked {
		if by[first] == 0 || by[second] == 0 || by[third] == 0 || len(by) != 3 {
			t.Errorf("sender %d asked %v, want %s, %s and %s", index, by, first, second, third)
		}
	}
}
