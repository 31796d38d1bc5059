package experiment

import (
	"context"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/timeline"
)

// syncTimeout bounds how long the first lists may take.
const syncTimeout = 30 * time.Second

// lateNews is how long the watch goes on after the last request. A container
// that cuts a request is reported by the kubelet only afterwards: it looks at
// its containers once a second (genericPlegRelistPeriod in
// pkg/kubelet/kubelet.go) and then writes the status, later yet on a busy node.
const lateNews = 3 * time.Second

// watch starts to observe and returns once no change is missed any more. The
// context it returns ends with ctx or with the watch; stop ends the watch, for
// a run that was not interrupted once the late news have come.
func (r *run) watch(ctx context.Context) (observed context.Context, stop func() error, err error) {
	// The watch outlives an interrupted run: what the putting back does to the
	// pods belongs into the recording.
	watching, cancelWatching := context.WithCancel(context.WithoutCancel(ctx))
	observed, cancelObserved := context.WithCancelCause(ctx)
	synced, ended := make(chan struct{}), make(chan struct{})
	var failure error
	go func() {
		defer close(ended)
		failure = guard.Call("the watch", func() error {
			return timeline.Watch(watching, timeline.Config{
				Client:      r.cfg.Observe,
				Namespace:   r.cfg.Namespace,
				Workload:    r.cfg.Check.Workload,
				WorkloadUID: r.facts.UID,
				Selector:    r.facts.Selector,
				Services:    r.facts.Services,
				Now:         r.cfg.Now,
				Sink:        r.observe,
				Synced:      func() { close(synced) },
				ShutdownLog: r.shutdownLog,
			})
		})
		if failure != nil {
			cancelObserved(fmt.Errorf("watch the cluster: %w", failure))
		}
	}()
	stop = func() error {
		select {
		case <-time.After(lateNews):
		case <-observed.Done():
		}
		cancelWatching()
		<-ended
		cancelObserved(nil)
		return failure
	}

	timeout := time.NewTimer(syncTimeout)
	defer timeout.Stop()
	select {
	case <-synced:
		return observed, stop, nil
	case <-ended:
	case <-timeout.C:
		err = fmt.Errorf("the cluster did not answer the first lists within %s", syncTimeout)
	case <-ctx.Done():
		err = ErrInterrupted
	}
	cancelObserved(err)
	if failed := stop(); failed != nil {
		err = failed
	}
	return nil, nil, err
}

func (r *run) observe(e recording.Event) {
	r.watched.take(&e)
	r.writer.Event(e)
}
