package sender

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/internal/stall"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// load is a sender's share of all streams at work.
type load struct {
	streams  []*attack.Stream
	names    []string
	ends     []recording.StreamEnd
	ports    *attack.Ports
	segments *recording.Segments
	prober   *Prober
	answered answered
	now      func() time.Time
	fail     func(error)
	stalls   func() recording.Client
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// possible tells what of an assignment this sender cannot do: what is wrong with the
// files, what its machine lacks. It sends nothing.
func possible(a Assignment) error {
	switch {
	case a.Senders < 1 || a.Sender < 0 || a.Sender >= a.Senders:
		return bad("sender %d of %d; want one of 0 to %d", a.Sender, a.Senders, a.Senders-1)
	case len(a.Streams) == 0:
		return bad("no streams; want one at least")
	}
	for i, spec := range a.Streams {
		if _, err := attack.New(a.config(spec)); err != nil {
			return check.InStream(i, err)
		}
	}
	return a.share().Feasible(a.Streams)
}

func lookUp(ctx context.Context, a *Assignment) error {
	if a.Target.Via != nil {
		return nil // its pods are dialled
	}
	return a.share().Lookup(ctx, a.Streams, a.Names)
}

func (a *Assignment) share() attack.Share { return attack.Share{Index: a.Sender, Of: a.Senders} }

// config is a stream's that is only looked at.
func (a *Assignment) config(spec check.Stream) attack.Config {
	return attack.Config{
		Stream: spec, Target: a.Target, Share: a.share(), ReadFile: a.readFile, TraceBase: a.TraceBase, Names: a.Names,
		Now: time.Now, Sink: func(recording.Sample) {},
	}
}

func (a *Assignment) readFile(name string) ([]byte, error) {
	data, ok := a.Files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("the conductor has not sent it")}
	}
	return data, nil
}

// newLoad makes the load that begins at a time of now, the run's clock, asks the backends
// where the target has a balancer played, and leaves its samples in to. What ends it by itself is told to fail.
func newLoad(a Assignment, domain string, begin time.Time, now func() time.Time, backends *attack.Backends, to *held, fail func(error)) (*load, error) {
	l := &load{now: now, fail: fail, ports: attack.NewPorts(now)}
	for i, spec := range a.Streams {
		cfg := a.config(spec)
		cfg.Begin, cfg.Now, cfg.Ports, cfg.Backends, cfg.Sink, cfg.Domain = begin, now, l.ports, backends, l.sample, domain
		stream, err := attack.New(cfg)
		if err != nil {
			return nil, check.InStream(i, err)
		}
		l.streams, l.names = append(l.streams, stream), append(l.names, spec.Name)
	}
	l.ends = unsent(a.Streams)
	l.segments = recording.NewSegments(now, func(s recording.Segment) {
		if err := to.add(s); err != nil {
			fail(err)
		}
	}, fail)
	l.prober = NewProber(ProberConfig{
		Streams: a.Streams, Target: a.Target, Share: a.share(), ReadFile: a.readFile, Now: now, Sink: l.segments.Sample, Fail: fail,
	})
	return l, nil
}

// unsent are the ends of streams that never began.
func unsent(streams []check.Stream) []recording.StreamEnd {
	ends := make([]recording.StreamEnd, len(streams))
	for i, s := range streams {
		ends[i].Name = s.Name
	}
	return ends
}

func (l *load) sample(s recording.Sample) {
	l.answered.take(&s)
	l.segments.Sample(s)
}

// run has the streams wait for their time and send, until stop.
func (l *load) run() {
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(context.Background())
	l.stalls = stall.Watch(l.now, l.fail)
	for i, stream := range l.streams {
		l.running.Go(func() {
			err := guard.Call("stream "+l.names[i], func() error {
				end, err := stream.Run(ctx)
				l.ends[i] = end
				return err
			})
			if err != nil {
				l.fail(err)
			}
		})
	}
}

// wait waits until all is sent and sealed.
func (l *load) wait() End {
	l.running.Wait()
	l.prober.Close()
	client := l.stalls()
	client.PortsByKernel = l.ports.ByKernel()
	if err := l.segments.Close(); err != nil {
		l.fail(err)
	}
	return End{Streams: l.ends, Client: client}
}

// stop ends the schedule, and cuts what is in flight if so wanted.
func (l *load) stop(cut bool) {
	l.cancel()
	if cut {
		for _, stream := range l.streams {
			stream.Abort()
		}
	}
}

// renew spreads the kept connections over the pods of now.
func (l *load) renew() {
	for _, stream := range l.streams {
		stream.Renew()
	}
}

func (l *load) streamStatus() []StreamStatus {
	all := make([]StreamStatus, len(l.streams))
	for i, stream := range l.streams {
		counts := stream.Counts()
		all[i] = StreamStatus{
			Name: l.names[i], Sent: counts.Sent, OK: counts.OK, Failed: counts.Failed, Client: counts.Client,
			Redirected: counts.Redirected, Spread: stream.Spread(),
		}
	}
	return all
}
