package experiment

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// A recording that breaks ends the run at once: what goes on unseen proves nothing
// and may do harm.
func TestBrokenRecordingEndsTheRun(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	before := s.Deployment()
	cfg := s.config(scaleToOne)
	cfg.Check.Timing.Baseline = check.Duration(time.Hour)
	var broken atomic.Bool
	now := cfg.Now
	cfg.Now = func() time.Time {
		if broken.Load() && within("timeline.(*follower)") {
			// A time that JSON cannot write stands for a disk that cannot either.
			return time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return now()
	}
	breaks := time.AfterFunc(300*time.Millisecond, func() {
		broken.Store(true)
		pod := s.Pods()[0]
		pod.Status.Phase = corev1.PodPending
		if err := s.Client.Tracker().Update(fakecluster.Pods, pod, fakecluster.Namespace); err != nil {
			t.Error(err)
		}
	})
	defer breaks.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := Run(ctx, cfg)
	const says = "encode a line of events.jsonl"
	if err == nil || ctx.Err() != nil || strings.Count(err.Error(), says) != 1 {
		t.Errorf("the run ended with %v", err)
	}
	s.isAsBefore(t, before)
	if end := s.open(t).Ending; !strings.Contains(end.Error, says) {
		t.Errorf("the recording ends with %+v", end)
	}
}
