package attack

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// probeDial bounds how long a probe waits for its connection: a SYN that was lost is sent
// again after a second (RFC 6298, section 2), and once more is not waited for.
const probeDial = 2 * time.Second

// Probe asks one pod by its own address, on a new connection each time: past the service,
// whose proxies may have forgotten the pod. All else is as in the stream that it is made
// of: the server name of TLS and the Host are those of the stream's URL.
type Probe struct {
	sender *sender
	asked  atomic.Uint64
}

// NewProbe makes a probe of a pod, as HOST:PORT, of the stream that cfg has, whose name its
// samples bear. It touches no network. cfg's Ports, Begin, TraceBase and Backends have no use here:
// requests of a probe bear no traceparent, so that nobody takes them for a stream's.
func NewProbe(cfg Config, address string) (*Probe, error) {
	cfg.only = only{address: address, within: probeDial}
	cfg.Ports, cfg.Target.Trace, cfg.Target.Via = nil, false, nil
	cfg.Stream.Connections, cfg.Stream.Pool = check.New, 0
	sender, err := newSender(cfg)
	if err != nil {
		return nil, err
	}
	return &Probe{sender: sender}, nil
}

// Ask makes one request, which is due now, and gives its sample when it has ended. The Sink
// has had it then. It may be called from many goroutines at once.
func (p *Probe) Ask() recording.Sample {
	var sample recording.Sample
	_, _ = p.sender.sendTo(p.asked.Add(1)-1, p.sender.now(), func(s recording.Sample) {
		sample = s
		p.sender.sink(s)
	})
	return sample
}

// Abort cuts what is under way, which becomes [recording.Unfinished], as does what is asked
// from then on.
func (p *Probe) Abort() { p.sender.end(errAborted) }

// only is an address to which all connections are made, and how long each may take to come
// about.
type only struct {
	address string
	within  time.Duration
}

func (o only) dial(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, o.within)
		defer cancel()
		return dial(ctx, network, address)
	}
}
