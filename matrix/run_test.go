package matrix

import (
	"context"
	"errors"
	"testing"
)

// A row that runs alone waits for all others to end, and can be told to wait no more.
func TestSlots(t *testing.T) {
	slots := make(chan struct{}, 2)
	if err := acquire(t.Context(), slots, 1); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for range 20 { // the last slot may be had first
		if err := acquire(ended, slots, 2); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	release(slots, len(slots))
	if err := acquire(t.Context(), slots, 2); err != nil || len(slots) != 2 {
		t.Errorf("%d slots, %v", len(slots), err)
	}
}

func TestForSenders(t *testing.T) {
	rows := []Row{{Name: "starved", CPU: "10m"}, {Name: "as usual"}, {Name: "one node", OneNode: true}, {Name: "slow lookups", Nameserver: "slow"}}
	if got := ForSenders(rows); len(got) != 1 || got[0].Name != "as usual" {
		t.Errorf("%+v", got)
	}
}
