package experiment

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// leave adds a pod that was told to end, with a grace of 30 s.
func leave(t *testing.T, c *fakecluster.Cluster) (gone func()) {
	t.Helper()
	c.MakePod(c.Deployment())
	pods := c.Pods()
	last := pods[len(pods)-1].DeepCopy()
	last.DeletionTimestamp, last.DeletionGracePeriodSeconds = new(metav1.Now()), new(int64(30))
	if err := c.Client.Tracker().Update(fakecluster.Pods, last, fakecluster.Namespace); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.Client.Tracker().Delete(fakecluster.Pods, fakecluster.Namespace, last.Name); err != nil {
			t.Error(err)
		}
	}
}

// What an earlier rollout has told to end is waited for, and the run says so.
func TestPodsThatAreLeavingAreWaitedFor(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	gone := leave(t, s.Cluster)
	var told strings.Builder
	cfg := s.config(scaleToOne)
	cfg.Output = &told
	const wait = "until nothing is left of 1 pod that an earlier change has told to end, for 40s at most: web-"
	steps, err := Plan(t.Context(), cfg)
	if err != nil || !strings.HasPrefix(steps[0], "wait "+wait) || strings.Contains(strings.Join(steps, "\n"), "not healthy") {
		t.Errorf("%v: %q", err, steps)
	}
	time.AfterFunc(time.Second, gone)
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(told.String(), "waiting "+wait) {
		t.Errorf("told %q", told.String())
	}
	wantPhases(t, s.recorded(t), "baseline", "disrupt scale", string(recording.Restored), string(recording.Steady), "settle scale")
}

// The waiting has an end, and whoever interrupts it has interrupted the run.
func TestPodsThatDoNotLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakecluster.New(t)
		leave(t, c)
		var cfg Config
		w, err := chaos.Open(t.Context(), c.Client, fakecluster.Namespace, web, time.Now(), cfg.ByHand)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := cfg.awaitLeaving(t.Context(), w); err != nil || time.Since(began) != 40*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, context.Canceled)
		defer cancel()
		if err := cfg.awaitLeaving(ctx, w); !errors.Is(err, ErrInterrupted) {
			t.Errorf("got %v", err)
		}
	})
}

// Nobody waits where something else is amiss.
func TestAPodThatIsNotReadyIsNotWaitedFor(t *testing.T) {
	s := newScene(t, nil)
	leave(t, s.Cluster)
	pod := s.Pods()[0].DeepCopy()
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
	if err := s.Client.Tracker().Update(fakecluster.Pods, pod, fakecluster.Namespace); err != nil {
		t.Fatal(err)
	}
	cfg := s.config(scaleToOne)
	steps, err := Plan(t.Context(), cfg)
	const amiss = "; follow it with: kubectl rollout status deployment/web -n shop"
	if last := steps[len(steps)-1]; err != nil || !strings.Contains(last, " is terminating ") || !strings.HasSuffix(last, amiss) {
		t.Errorf("%v: %q", err, last)
	}
	began := time.Now()
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if end := s.recorded(t).Ending.Error; time.Since(began) > 20*time.Second || !strings.HasSuffix(end, amiss) {
		t.Errorf("after %s it ends with %q", time.Since(began), end)
	}
}
