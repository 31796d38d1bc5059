package experiment

import (
	"context"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/internal/stall"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// streams is a load that this process sends.
type streams struct {
	now   attack.Clock
	ports *attack.Ports
	// balancer is the one that is played, where the check wants one.
	balancer sender.Balancer
	all      []*attack.Stream
	names    []string
	naming   answered
	prober   *sender.Prober
	ends     []recording.StreamEnd
	errs     []error
	cancel   context.CancelFunc
	running  sync.WaitGroup
	// fail is told what ends the load by itself; nil before the start.
	fail context.CancelCauseFunc
	// stalls ends the looking for stalls; nil before the start.
	stalls func() recording.Client
}

func newStreams(cfg Config, names map[string]string, types map[string]*attack.Types, sink func(recording.Sample)) (*streams, error) {
	s := &streams{now: cfg.Now, ports: attack.NewPorts(cfg.Now), cancel: func() {}}
	for i, spec := range cfg.Check.Streams {
		stream, err := attack.New(attack.Config{Stream: spec, Target: cfg.Check.Target, Now: cfg.Now, TraceBase: cfg.TraceBase, Types: types[spec.Name], Names: names, Domain: cfg.Domain, Ports: s.ports, Backends: &s.balancer.Known, Sink: func(one recording.Sample) {
			s.naming.take(&one)
			sink(one)
		}})
		if err != nil {
			return nil, check.InStream(i, err)
		}
		s.all = append(s.all, stream)
		s.names = append(s.names, spec.Name)
	}
	s.prober = sender.NewProber(sender.ProberConfig{
		Streams: cfg.Check.Streams, Target: cfg.Check.Target, Types: types, Now: cfg.Now, Sink: sink, Fail: func(err error) { s.fail(err) },
	})
	s.ends = make([]recording.StreamEnd, len(s.all))
	s.errs = make([]error, len(s.all))
	return s, nil
}

// start begins to send in a context of its own.
func (s *streams) start(_ context.Context, fail context.CancelCauseFunc) error {
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.fail = fail
	for i, stream := range s.all {
		s.running.Go(func() {
			s.errs[i] = guard.Call("stream "+s.names[i], func() (err error) {
				s.ends[i], err = stream.Run(ctx)
				return err
			})
			if s.errs[i] != nil {
				fail(s.errs[i])
			}
		})
	}
	s.stalls = stall.Watch(s.now, fail)
	return nil
}

func (s *streams) stop(ctx context.Context, abort bool) (fleet.End, []error) {
	if abort {
		s.abort()
	}
	s.cancel()
	release := context.AfterFunc(ctx, func() { _ = guard.Call("cutting the requests", func() error { s.abort(); return nil }) })
	defer release()
	s.running.Wait()
	s.prober.Close()
	end := fleet.End{Streams: s.ends}
	if s.stalls != nil {
		end.Client = new(s.stalls())
		end.Client.PortsByKernel = s.ports.ByKernel()
	}
	return end, s.errs
}

// abort cuts what is in flight, for a user who does not want to wait.
func (s *streams) abort() {
	s.cancel()
	for _, stream := range s.all {
		stream.Abort()
	}
}

func (s *streams) renew(context.Context) {
	for _, stream := range s.all {
		stream.Renew()
	}
}

func (s *streams) spread(context.Context) map[string]map[string]int {
	spreads := map[string]map[string]int{}
	for i, stream := range s.all {
		if pods := stream.Spread(); pods != nil {
			spreads[s.names[i]] = pods
		}
	}
	return spreads
}

func (s *streams) counts(context.Context) []sender.StreamStatus {
	var all []sender.StreamStatus
	for i, stream := range s.all {
		counts := stream.Counts()
		all = append(all, sender.StreamStatus{Name: s.names[i], Sent: counts.Sent, OK: counts.OK, Failed: counts.Failed, Client: counts.Client, Redirected: counts.Redirected})
	}
	return all
}

func (s *streams) know(b sender.Backends) { s.balancer.Know(b) }

// probe sets what this process asks itself. What keeps a list from being taken would have
// kept the streams from being made.
func (s *streams) probe(w sender.Window) {
	if err := s.prober.Set(w); err != nil {
		s.fail(err)
	}
}

func (s *streams) tried() (tried *sender.Tried, by int) {
	if status := s.prober.Status(); status != nil {
		tried = status.Tried
	}
	return tried, 0
}

func (s *streams) answered() []string { return s.naming.names() }
