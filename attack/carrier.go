package attack

import (
	"context"
	"sync/atomic"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// carrier carries a stream's requests over one protocol, on connections that it
// makes and, where the stream reuses them, keeps. All but close may be called at any
// time, from many goroutines at once.
type carrier interface {
	// exchange sends a request and reads its answer to the end. It writes into the
	// sample what it knows: the connection, the time of each phase, bytes, status, pod.
	// It returns what the answer said, whose body is read. After an error the sample's
	// phase is the one that failed; an error whose class only the protocol knows is a
	// protocolError. It returns soon after ctx has ended and interrupt was called.
	exchange(ctx context.Context, m *message, sample *recording.Sample) (said, error)
	// renew lets each connection that is kept be replaced when its turn comes.
	renew()
	// spread counts the connections that are kept by the pod that last answered on
	// each, which is empty while none has named itself. It is nil if none are kept.
	spread() map[string]int
	// interrupt makes all that goes on on the connections fail at once. The context of
	// exchange has ended by then.
	interrupt()
	// close closes the connections that are kept. No request may be under way.
	close()
}

// newCarrier gives the carrier of the stream's protocol. It sets grpc where an answer is
// gRPC's; fail ends the stream after a panic.
func newCarrier(cfg Config, grpc *atomic.Bool, task string, fail func(panicked error)) (carrier, error) {
	s, err := newService(cfg)
	if err != nil {
		return nil, err
	}
	s.grpc = grpc
	size := 0
	if cfg.Stream.Connections == check.Reused {
		size = cfg.Share.Stream(cfg.Stream).Pool
	}
	if s.tls != nil && cfg.Stream.Protocol != check.HTTP1 {
		s.tls.NextProtos = []string{http2.NextProtoTLS}
	}
	to := func(open opener, size int) carrier {
		if cfg.Stream.Protocol == check.HTTP1 {
			return &http1Carrier{service: s, open: open, pool: newHTTP1Pool(size)}
		}
		return newHTTP2Carrier(s, open, size, task, fail)
	}
	switch via := cfg.Target.Via; {
	case via == nil:
		return to(s.lookUpAndDial, size), nil
	case size == 0 || !*via.CloseOnForget:
		return to(s.balanced(cfg.Backends), size), nil
	default:
		return &balancedCarrier{service: s, backends: cfg.Backends, size: size, to: to, pods: map[string]*podCarrier{}, forgotten: map[*podCarrier]bool{}}, nil
	}
}
