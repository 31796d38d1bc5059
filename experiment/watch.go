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

// watchTimeout bounds the end of the watch.
const watchTimeout = 30 * time.Second

// watch starts to observe and returns once no change is missed any more. The
// context it returns ends with ctx or with the watch. The watch itself ends with
// the run, if that was not interrupted once the late news have come.
func (r *run) watch(ctx context.Context) (context.Context, error) {
	// The watch outlives an interrupted run: what the putting back does to the
	// pods belongs into the recording.
	watching, cancelWatching := context.WithCancel(context.WithoutCancel(ctx))
	observed, end := context.WithCancelCause(ctx)
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
			end(fmt.Errorf("watch the cluster: %w", failure))
		}
	}()
	r.teardown.add("waiting for the last news of the cluster", watchTimeout, func(ctx context.Context) error {
		select {
		case <-time.After(lateNews):
		case <-observed.Done():
		case <-ctx.Done():
		}
		cancelWatching()
		<-ended // which is not to write into a recording that is closed
		end(nil)
		return failure
	})

	timeout := time.NewTimer(syncTimeout)
	defer timeout.Stop()
	var err error
	select {
	case <-synced:
		return observed, nil
	case <-ended:
		err = failure
	case <-timeout.C:
		err = fmt.Errorf("the cluster did not answer the first lists within %s", syncTimeout)
	case <-ctx.Done():
		err = ErrInterrupted
	}
	end(err)
	return nil, err
}

func (r *run) observe(e recording.Event) {
	r.window.take(&e)
	r.watched.take(&e)
	r.backends.take(&e)
	r.writer.Event(e)
}
