package stall

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestStallsAreNoticed(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	at := began.Add
	d := &detector{last: began}
	for _, offset := range []time.Duration{10, 20, 30, 139, 250, 260, 1760, 1770} {
		d.tick(at(offset * time.Millisecond))
	}
	want := []recording.Stall{
		{From: at(139 * time.Millisecond), To: at(250 * time.Millisecond)},
		{From: at(260 * time.Millisecond), To: at(1760 * time.Millisecond)},
	}
	if !slices.Equal(d.stalls, want) {
		t.Errorf("got %v, want %v", d.stalls, want)
	}
}

func TestAHealthyProcessDoesNotStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := Watch(time.Now, func(err error) { t.Error(err) })
		time.Sleep(5 * time.Second)
		got := stop()
		if len(got.Stalls) > 0 || got.Processors < 1 || got.LongestGCPause < 0 || got.CPU < 0 {
			t.Errorf("%+v", got)
		}
	})
}
