package main

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A helper can send whatever a check may ask for.
func TestEverySignalCanBeSent(t *testing.T) {
	for _, name := range check.Signals() {
		if signals[name] == 0 {
			t.Errorf("%s cannot be sent", name)
		}
	}
	if len(signals) != len(check.Signals()) {
		t.Errorf("there are %d signals, want %d", len(signals), len(check.Signals()))
	}
}
