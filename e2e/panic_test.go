//go:build e2e

package e2e

import (
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// A run that is used as a library puts the workload back also when what its caller
// gave it panics while pods are ending. Every other goroutine that may panic is tried on a
// cluster of paper (experiment, TestPanicAnywherePutsBack).
func TestPanicPutsBack(t *testing.T) {
	for name, tt := range map[string]struct {
		// where is the function in whose call the clock panics; empty for the
		// caller's own Progress.
		where string
		doing string
	}{
		"the progress": {"", ""},
		"a request":    {"attack.(*http1Carrier).roundTrip", "sending the requests of stream new"},
	} {
		t.Run(name, func(t *testing.T) {
			graceful := newPlace(t).deploy(t, "graceful")
			before := graceful.state(t)
			spec := check.Check{
				Workload:    check.Workload{Kind: check.Deployment, Name: graceful.name},
				Target:      check.Target{URL: graceful.url},
				Streams:     []check.Stream{{Name: "new", Rate: 50, Connections: check.New}},
				Disruptions: []check.Disruption{{Scale: &check.Scale{To: 1}}},
				Timing:      check.Timing{Baseline: check.Duration(2 * time.Second), Settle: check.Duration(time.Second)},
			}.WithDefaults()
			if err := spec.Validate(); err != nil {
				t.Fatal(err)
			}

			var scaledDown atomic.Bool
			clock := experiment.NewClock()
			now := func() time.Time {
				if tt.where != "" && scaledDown.Load() && within(tt.where) {
					panic("the caller's own")
				}
				return clock()
			}
			err := experiment.Run(t.Context(), experiment.Config{
				Check: spec, Observe: client, Act: client, Namespace: graceful.namespace,
				ID: "panic", Dir: filepath.Join(t.TempDir(), "run"), Tool: "test", Now: now,
				Progress: func(p experiment.Progress) {
					if slices.ContainsFunc(p.Pods, func(pod experiment.PodProgress) bool { return pod.State == experiment.PodTerminating }) {
						scaledDown.Store(true)
						if tt.where == "" {
							panic("the caller's own")
						}
					}
				},
			})
			panicked, ok := errors.AsType[*guard.PanicError](err)
			if !ok || !strings.HasPrefix(panicked.Doing, tt.doing) || panicked.Value != "the caller's own" || !strings.Contains(panicked.Stack, "panic_test.go") {
				t.Errorf("the run ended with %v", err)
			}
			if !scaledDown.Load() {
				t.Fatal("the run ended before any pod did")
			}
			graceful.wantPutBack(t, before)
		})
	}
}

// within tells whether a function of this name is being called.
func within(function string) bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}
