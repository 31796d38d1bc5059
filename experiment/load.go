package experiment

import (
	"context"
	"errors"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// load sends the requests of a check: from this process (streams), or by senders in the
// cluster (senders). What became of each request goes to the recording.
type load interface {
	// start begins to send, and returns when that has begun. What ends the load by
	// itself is told to fail.
	start(ctx context.Context, fail context.CancelCauseFunc) error
	// renew spreads the kept connections over the pods of now.
	renew(ctx context.Context)
	// spread tells for each stream of reused connections how many of them are last
	// known to lead to which pod.
	spread(ctx context.Context) map[string]map[string]int
	// counts are how far the streams are, in the check's order. Their Spread is nobody's.
	counts(ctx context.Context) []sender.StreamStatus
	// know tells the balancer that the load plays what it knows from now on.
	know(b sender.Backends)
	// probe has these pods asked on their own addresses from now on, and no others; tried is
	// what came of the list's try, and the index of the sender that made it.
	probe(w sender.Window)
	tried() (*sender.Tried, int)
	// answered names the pods that answers have named in the baseline, which ends now.
	answered() []string
	// stop ends the schedule, and waits for the requests in flight, which it cuts at
	// once with abort, and otherwise when ctx ends.
	stop(ctx context.Context, abort bool) (fleet.End, []error)
}

// startLoad begins to send. The load goes on until the run ends, also while an
// interrupted run puts the cluster back. What ends it by itself is told to fail.
func (r *run) startLoad(ctx context.Context, fail context.CancelCauseFunc) error {
	if r.load == nil {
		local, err := newStreams(r.cfg, r.names, r.told.types, r.writer.Sample)
		if err != nil {
			return err
		}
		r.load = local
	}
	started := false
	r.teardown.add("waiting for the requests in flight", longestRequest(r.cfg.Check.Streams), func(ctx context.Context) error {
		var errs []error
		r.sent, errs = r.load.stop(ctx, !started || errors.Is(r.teardown.err, ErrInterrupted))
		r.teardown.fail(errs...)
		return nil
	})
	r.backends.begin(r.load.know)
	if err := r.load.start(ctx, fail); err != nil {
		if ctx.Err() != nil {
			return cause(ctx)
		}
		return err
	}
	started = true
	return nil
}

// requestsOverdue is how much longer than their timeout requests may take before they
// are cut.
const requestsOverdue = 30 * time.Second

// longestRequest is how long requests may take that are in flight.
func longestRequest(streams []check.Stream) time.Duration {
	longest := check.Duration(0)
	for _, s := range streams {
		longest = max(longest, s.Timeout)
	}
	return time.Duration(longest) + requestsOverdue
}

// sound tells whether every stream has had answers up to now and no failure. A
// service that hangs has not failed yet, but has not answered either: silent
// names such a stream, faulted one that had failures of this side's own instead.
func sound(all []sender.StreamStatus) (ok bool, silent, faulted string) {
	for _, s := range all {
		switch {
		case s.Failed > 0:
			return false, "", ""
		case s.OK == 0 && s.Client > 0:
			faulted = s.Name
		case s.OK == 0:
			silent = s.Name
		}
	}
	return silent == "" && faulted == "", silent, faulted
}
