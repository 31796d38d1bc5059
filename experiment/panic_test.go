package experiment

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kuberuntime "k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// A panic in any goroutine that lives while the workload is changed ends the run,
// says where it was, and the workload wants again what it wanted before.
func TestPanicAnywherePutsBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		// where is the function in whose call the clock panics once the workload
		// is scaled down.
		where string
		doing string
	}{
		"a request":            {"attack.(*http1Carrier).roundTrip", "sending the requests of stream default"},
		"the sink":             {"recording.(*segmentWriter).write", "sending the requests of stream default"},
		"the pacer":            {"attack.(*pacer).Pace", "sending the requests of stream default"},
		"the stall detector":   {"stall.Watch", "looking for stalls"},
		"the watch":            {"timeline.(*follower).watchOnce", "following deployments"},
		"telling the progress": {"experiment.(*run).showProgress", "telling the progress"},
		"the disruption":       {"chaos.(*Driver).Do", "the run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			s.Obedient = false
			before := s.Deployment()
			var scaledDown atomic.Bool
			s.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, kuberuntime.Object, error) {
				scaledDown.Store(strings.Contains(string(action.(clienttesting.PatchAction).GetPatch()), `"replicas":1`))
				return false, nil, nil
			})
			cfg := s.config(scaleToOne)
			now := cfg.Now
			cfg.Now = func() time.Time {
				if scaledDown.Load() && within(tt.where) {
					panic("out of order")
				}
				return now()
			}
			began := time.Now()
			err := Run(t.Context(), cfg)
			panicked, ok := errors.AsType[*guard.PanicError](err)
			if !ok || panicked.Doing != tt.doing || panicked.Value != "out of order" || !strings.Contains(panicked.Stack, "panic_test.go") {
				t.Fatalf("the run ended with %v", err)
			}
			if n := strings.Count(err.Error(), "panicked: "); n != 1 {
				t.Errorf("it was told %d times: %v", n, err)
			}
			if took := time.Since(began); took > longestDisruption/2 {
				t.Errorf("the run ended only after %s", took)
			}
			s.isAsBefore(t, before)
			if end := s.recorded(t).Ending; end.Interrupted || end.Error != err.Error() {
				t.Errorf("the recording ends with %+v", end)
			}
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
