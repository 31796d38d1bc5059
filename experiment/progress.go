package experiment

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Progress is what goes on at one moment of a run.
type Progress struct {
	Phase recording.RunPhase
	// Disruption is the kind of the one at work, if any.
	Disruption check.DisruptionKind
	// Elapsed counts from the run's beginning, InPhase from the phase's.
	Elapsed, InPhase time.Duration
	// Length is how long the phase takes, 0 where that depends on the cluster.
	Length  time.Duration
	Streams []StreamProgress
	// Pods are those of the workload, by their names.
	Pods []PodProgress
	// Proof is how far a proof is after the last round; nil before, and where none is wanted.
	Proof *Proof
	// New tells that the phase has just begun.
	New bool
}

// StreamProgress is one stream's part of it.
type StreamProgress struct {
	Name string
	// Client counts those that failed on this side: names, ports, descriptors.
	Sent, OK, Failed, Client uint64
}

// PodProgress is the state of one pod.
type PodProgress struct {
	Name  string
	State PodState
	// Left is what is left of a terminating pod's grace, negative where it is
	// over.
	Left time.Duration
}

// PodState is what a pod is up to, in one word.
type PodState string

// The states of a pod.
const (
	PodStarting    PodState = "starting"
	PodReady       PodState = "ready"
	PodTerminating PodState = "terminating"
)

// progressInterval is how often progress is told within a phase.
const progressInterval = time.Second

// stage is the phase the run is in.
type stage struct {
	mu     sync.Mutex
	phase  recording.RunPhase
	name   check.DisruptionKind
	since  time.Time
	length time.Duration
	isNew  bool
	proof  *Proof
}

// setProof tells how far a proof is.
func (s *stage) setProof(p *Proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proof, s.isNew = p, true
}

func (s *stage) set(phase recording.RunPhase, name check.DisruptionKind, now time.Time, length time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase, s.name, s.since, s.length, s.isNew = phase, name, now, length, true
}

// begun tells that there is a phase. Those that are set later have a load.
func (s *stage) begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phase != ""
}

// length is how long a phase takes, 0 where that depends on the cluster.
func length(phase recording.RunPhase, s step, t check.Timing) time.Duration {
	switch {
	case phase == recording.Baseline:
		return time.Duration(t.Baseline)
	case phase == recording.Settle:
		return time.Duration(t.Settle)
	case s.Observe != nil:
		return time.Duration(s.Observe.For)
	default:
		return 0
	}
}

// showProgress hands out the present progress. Nobody waits for it but the run's end.
func (r *run) showProgress() {
	if r.cfg.Progress == nil {
		return
	}
	if now, begun := r.progress(); begun {
		r.cfg.Progress(now)
	}
}

func (r *run) progress() (p Progress, begun bool) {
	s := &r.stage
	if !s.begun() {
		return Progress{}, false
	}
	counts := r.load.counts(context.Background()) // which takes its time where others send
	s.mu.Lock()
	defer s.mu.Unlock()
	now := r.cfg.Now()
	p = Progress{
		Phase: s.phase, Disruption: s.name, New: s.isNew,
		Elapsed: now.Sub(r.began), InPhase: now.Sub(s.since), Length: s.length,
		Pods: r.watched.pods(now), Proof: s.proof,
	}
	s.isNew = false
	for _, stream := range counts {
		p.Streams = append(p.Streams, StreamProgress{Name: stream.Name, Sent: stream.Sent, OK: stream.OK, Failed: stream.Failed, Client: stream.Client})
	}
	return p, true
}

// wakeProgress has a phase that has begun told at once, without waiting for that.
func (r *run) wakeProgress() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// progressTimeout bounds how long the run's end waits for whom the progress is told.
const progressTimeout = 10 * time.Second

// reportProgress tells it at an even pace, and when it is woken, until the run ends.
func (r *run) reportProgress(fail context.CancelCauseFunc) {
	done, ended := make(chan struct{}), make(chan struct{})
	r.wake = make(chan struct{}, 1)
	go func() {
		defer close(ended)
		err := guard.Call("telling the progress", func() error {
			ticker := time.NewTicker(progressInterval)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
					r.showProgress()
				case <-r.wake:
					r.showProgress()
				case <-done:
					return nil
				}
			}
		})
		if err != nil {
			fail(err)
		}
	}()
	r.teardown.add("showing the last progress", progressTimeout, func(ctx context.Context) error {
		close(done)
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("show the progress: %w", context.Cause(ctx))
		}
	})
}
