//go:build e2e

package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// A run that is used as a library puts the workload back also when its caller's
// own function panics while pods are ending.
func TestPanicPutsBack(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	spec := check.Check{
		Workload:    check.Workload{Kind: check.Deployment, Name: graceful.name},
		Target:      check.Target{URL: graceful.url},
		Disruptions: []check.Disruption{{Scale: &check.Scale{To: 1}}},
		Timing:      check.Timing{Baseline: check.Duration(2 * time.Second), Settle: check.Duration(time.Second)},
	}.WithDefaults()
	if err := spec.Validate(); err != nil {
		t.Fatal(err)
	}

	scaledDown := false
	err := experiment.Run(t.Context(), experiment.Config{
		Check: spec, Observe: client, Act: client, Namespace: graceful.namespace,
		ID: "panic", Dir: filepath.Join(t.TempDir(), "run"), Tool: "test", Now: experiment.NewClock(),
		Progress: func(p experiment.Progress) {
			if slices.ContainsFunc(p.Pods, func(pod experiment.PodProgress) bool { return pod.State == experiment.PodTerminating }) {
				scaledDown = true
				panic("the caller's own")
			}
		},
	})
	if err == nil || !strings.Contains(err.Error(), "the caller's own") {
		t.Errorf("the run ended with %v", err)
	}
	if !scaledDown {
		t.Fatal("the run ended before any pod did")
	}
	graceful.wantPutBack(t, before)
}
