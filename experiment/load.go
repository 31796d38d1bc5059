package experiment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// load is all streams of a check at work.
type load struct {
	streams []*attack.Stream
	names   []string
	ends    []recording.StreamEnd
	errs    []error
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// Feasible tells what of a valid check this machine lacks: files that it names,
// ports, descriptors, an address family. It asks no cluster and sends nothing. Its
// errors are of check.FieldError.
func Feasible(c check.Check) error {
	var problems []error
	for i, spec := range c.Streams {
		if _, err := attack.New(attack.Config{Stream: spec, Target: c.Target, Now: time.Now, Sink: func(recording.Sample) {}}); err != nil {
			problems = append(problems, inCheck(i, err))
		}
	}
	if len(problems) == 0 {
		return attack.Feasible(c.Streams)
	}
	return errors.Join(problems...)
}

// inCheck names a problem of stream i by its place in the check.
func inCheck(i int, err error) error {
	at := fmt.Sprintf("streams[%d]", i)
	field, ok := errors.AsType[*check.FieldError](err)
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", at, err)
	case strings.HasPrefix(field.Field, "target."):
		return field
	default:
		return &check.FieldError{Field: at + "." + field.Field, Problem: field.Problem}
	}
}

// startLoad begins to send. The load has a context of its own: it goes on until
// the run ends, also while an interrupted run puts the cluster back.
// A stream that fails is told to fail.
func (r *run) startLoad(fail context.CancelCauseFunc) error {
	l := &load{}
	ports := attack.NewPorts(r.cfg.Now)
	for i, spec := range r.cfg.Check.Streams {
		stream, err := attack.New(attack.Config{Stream: spec, Target: r.cfg.Check.Target, Now: r.cfg.Now, TraceBase: r.cfg.TraceBase, Ports: ports, Sink: r.sample})
		if err != nil {
			return inCheck(i, err)
		}
		l.streams = append(l.streams, stream)
		l.names = append(l.names, spec.Name)
	}
	l.ends = make([]recording.StreamEnd, len(l.streams))
	l.errs = make([]error, len(l.streams))

	var ctx context.Context
	ctx, l.cancel = context.WithCancel(context.Background())
	for i, stream := range l.streams {
		l.running.Go(func() {
			l.errs[i] = guard.Call("stream "+l.names[i], func() (err error) {
				l.ends[i], err = stream.Run(ctx)
				return err
			})
			if l.errs[i] != nil {
				fail(l.errs[i])
			}
		})
	}
	r.load = l
	stalls := startStallDetector(r.cfg.Now, fail)
	r.teardown.add("waiting for the requests in flight", longestRequest(r.cfg.Check.Streams), func(ctx context.Context) error {
		defer func() {
			r.client = new(stalls())
			r.client.PortsByKernel = ports.ByKernel()
		}()
		if errors.Is(r.teardown.err, ErrInterrupted) {
			l.abort()
		}
		l.stop(ctx)
		r.teardown.fail(l.errs...)
		return nil
	})
	return nil
}

func (r *run) sample(s recording.Sample) {
	r.answered.take(&s)
	r.writer.Sample(s)
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

// stop ends the schedule and waits for the requests in flight, which it cuts when ctx
// ends.
func (l *load) stop(ctx context.Context) {
	l.cancel()
	defer context.AfterFunc(ctx, func() { _ = guard.Call("cutting the requests", func() error { l.abort(); return nil }) })()
	l.running.Wait()
}

// abort cuts what is in flight, for a user who does not want to wait.
func (l *load) abort() {
	l.cancel()
	for _, stream := range l.streams {
		stream.Abort()
	}
}

// renew spreads the kept connections over the pods of now.
func (l *load) renew() {
	for _, stream := range l.streams {
		stream.Renew()
	}
}

// spread tells for each stream of reused connections how many of them are last
// known to lead to which pod.
func (l *load) spread() map[string]map[string]int {
	spreads := map[string]map[string]int{}
	for i, stream := range l.streams {
		if pods := stream.Spread(); pods != nil {
			spreads[l.names[i]] = pods
		}
	}
	return spreads
}

// sound tells whether every stream has had answers up to now and no failure. A
// service that hangs has not failed yet, but has not answered either: silent
// names such a stream, faulted one that had failures of this side's own instead.
func (l *load) sound() (ok bool, silent, faulted string) {
	for i, stream := range l.streams {
		switch counts := stream.Counts(); {
		case counts.Failed > 0:
			return false, "", ""
		case counts.OK == 0 && counts.Client > 0:
			faulted = l.names[i]
		case counts.OK == 0:
			silent = l.names[i]
		}
	}
	return silent == "" && faulted == "", silent, faulted
}
