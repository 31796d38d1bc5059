package timeline

import (
	"context"
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
}

// Watch observes until ctx ends, which is no error. It fails only if the first
// lists fail; later interruptions are recorded as gaps and mended.
func Watch(ctx context.Context, cfg Config) error {
	resources := cfg.resources()
	var unsynced sync.WaitGroup
	unsynced.Add(len(resources))

	group, ctx := errgroup.WithContext(ctx)
	for _, r := range resources {
		f := newFollower(r, cfg.Now, cfg.Sink, sync.OnceFunc(unsynced.Done))
		group.Go(func() error {
			// A follower that fails must not leave the others' sync waiting.
			defer f.synced()
			return guard.Call("following "+f.name, func() error { return f.follow(ctx) })
		})
	}
	group.Go(func() error {
		unsynced.Wait()
		if ctx.Err() == nil {
			cfg.Synced()
		}
		return nil
	})
	return group.Wait()
}
