package timeline

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Config says what to watch and where the observations go.
type Config struct {
	Client    kubernetes.Interface
	Namespace string
	Workload  check.Workload
	// WorkloadUID tells the workload's own ReplicaSets from others.
	WorkloadUID string
	// Selector is the pods' label selector.
	Selector string
	// Services are those whose EndpointSlices matter.
	Services []string
	Now      func() time.Time
	// Sink takes the observations, from several goroutines at once.
	Sink func(recording.Event)
	// Synced is called once, when the state at the beginning has been
	// observed: from then on no change is missed.
	Synced func()
	// ShutdownLog picks the lines of the pods' logs to observe; nil for none.
	ShutdownLog *regexp.Regexp
	// Missing, if set, is told of each optional resource that cannot be read;
	// it is called from several goroutines at once.
	Missing func(resource string)
}

// Watch observes until ctx ends, which is no error. It fails only if the first
// lists fail; later interruptions are recorded as gaps and mended.
func Watch(ctx context.Context, cfg Config) error {
	group, ctx := errgroup.WithContext(ctx)
	places := newPlaces(cfg.Now, cfg.Sink)
	podSink := places.pod
	if cfg.ShutdownLog != nil {
		logs := newLogs(cfg, group)
		podSink = func(e recording.Event) { places.pod(e); logs.pod(ctx, e) }
	}
	resources := cfg.resources(places)
	var unsynced sync.WaitGroup
	unsynced.Add(len(resources))

	for _, r := range resources {
		sink := cfg.Sink
		if r.name == "pods" {
			sink = podSink
		}
		f := newFollower(r, cfg.Now, sink, sync.OnceFunc(unsynced.Done))
		group.Go(func() error {
			// A follower that fails must not leave the others' sync waiting.
			defer f.synced()
			err := guard.Call("following "+f.name, func() error { return f.follow(ctx) })
			if errors.Is(err, errMissing) {
				cfg.missing(f.name)
				return nil
			}
			return err
		})
	}
	group.Go(func() error {
		return guard.Call("telling of the first lists", func() error {
			unsynced.Wait()
			if ctx.Err() == nil {
				cfg.Synced()
			}
			return nil
		})
	})
	return group.Wait()
}

func (cfg Config) missing(resource string) {
	if cfg.Missing != nil {
		cfg.Missing(resource)
	}
}
