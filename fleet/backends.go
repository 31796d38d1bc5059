package fleet

import (
	"context"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// news is the newest of what the senders' balancers are to know.
type news struct {
	mu     sync.Mutex
	newest sender.Backends
}

func (n *news) get() sender.Backends {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.newest
}

// Backends has all senders told what the balancer that they play knows: those that do not
// answer again and again, until they do or there is something newer. Start tells it to each
// before anything is sent.
func (f *Fleet) Backends(b sender.Backends) {
	f.backends.mu.Lock()
	f.backends.newest = b
	f.backends.mu.Unlock()
	for _, m := range f.members {
		select {
		case m.changed <- struct{}{}:
		default: // it is about to look
		}
	}
}

// inform tells a sender whatever is new, where a balancer is played, until it is over or ctx
// ends.
func (f *Fleet) inform(ctx context.Context, m *member) {
	if f.cfg.Assignment.Target.Via == nil {
		return
	}
	f.following.Go(func() {
		err := guard.Call("telling a sender of the pods", func() error {
			m.informed(ctx)
			return nil
		})
		if err != nil {
			f.fail(err)
		}
	})
}

func (m *member) informed(ctx context.Context) {
	for {
		select {
		case <-m.changed:
		case <-m.done:
			return
		case <-ctx.Done():
			return
		}
		var pace retry.Backoff
		for m.know(ctx) != nil && !m.isOver() && pace.Wait(ctx) == nil {
			// What is told next time is the newest then.
		}
	}
}

// know tells it once; nothing where no balancer is played.
func (m *member) know(ctx context.Context) error {
	if m.fleet.cfg.Assignment.Target.Via == nil {
		return nil
	}
	return m.ask(ctx, answerTimeout, func(ctx context.Context) (sender.Status, error) {
		return m.client.Backends(ctx, m.fleet.backends.get())
	})
}
