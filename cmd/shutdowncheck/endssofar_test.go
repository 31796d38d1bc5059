package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// The ends are counted in a recording that has no end yet, as its report will count them.
func TestEndsSoFar(t *testing.T) {
	for verdict, want := range map[string]experiment.Ends{
		"passed": {Seen: 1, InService: 1},
		"failed": {Seen: 1, InService: 1, Lossy: 1, LossyAtLeast: 1},
	} {
		dir := filepath.Join(t.TempDir(), verdict)
		if err := record(verdict, dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "end.json")); err != nil {
			t.Fatal(err)
		}
		if got, err := endsSoFar(t.Context(), dir); err != nil || got != want {
			t.Errorf("%s: %+v, %v", verdict, got, err)
		}
	}
	if _, err := endsSoFar(t.Context(), t.TempDir()); err == nil {
		t.Error("there is no recording, and no error")
	}
}
