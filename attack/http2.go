package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// maxUnused is how often a request goes on to another connection because the one
// it was given closed before anything of it was written.
const maxUnused = 3

var errNoHTTP2 = errors.New("the service does not speak h2: it chose no protocol in the TLS handshake (ALPN)")

// http2Carrier carries requests over HTTP/2, each on a connection that it shares with
// others.
type http2Carrier struct {
	*service
	open    opener
	library *http2.Transport
	pool    *http2Pool
	// task and fail are for panics in the library's goroutines.
	task string
	fail func(panicked error)
}

func newHTTP2Carrier(s *service, open opener, size int, task string, fail func(panicked error)) *http2Carrier {
	return &http2Carrier{service: s, open: open, pool: newHTTP2Pool(size), task: task, fail: fail, library: &http2.Transport{
		AllowHTTP:          true,
		DisableCompression: true,
		// A request waits for room on its connection. To dial another one is the
		// pool's business.
		StrictMaxConcurrentStreams: true,
	}}
}

func (c *http2Carrier) renew()                 { c.pool.renew() }
func (c *http2Carrier) spread() map[string]int { return c.pool.spread() }
func (c *http2Carrier) close()                 { c.pool.close() }

// interrupt has nothing to do: the library listens to the context of each request.
func (*http2Carrier) interrupt() {}

func (c *http2Carrier) exchange(ctx context.Context, m *message, sample *recording.Sample) (said, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for try := 1; ; try++ {
		sample.Phase = recording.PhaseDial
		conn, err := c.pool.take(ctx, func() (*http2Conn, error) { return c.connect(ctx, sample) })
		if err != nil {
			return said{}, err
		}
		conn.describe(sample)
		sample.Acquired = c.now.since(sample)
		answered, unused, err := c.roundTrip(ctx, conn, m, sample)
		if err != nil {
			conn.describePod(sample)
		}
		conn.release()
		if !unused || try == maxUnused {
			return answered, err
		}
	}
}

func (c *http2Carrier) connect(ctx context.Context, sample *recording.Sample) (*http2Conn, error) {
	raw, err := c.open(ctx, sample)
	if err != nil {
		return nil, err
	}
	conn := &http2Conn{endpoint: newEndpoint(c.nextConn(), raw)}
	conn.socket = &http2Socket{Conn: raw, ports: c.ports, port: conn.localPort}
	conn.endpoint.describe(sample)
	if conn.client, err = c.handshake(ctx, conn.socket, sample); err != nil {
		conn.socket.fail(err)
		_ = conn.socket.Close()
		return nil, err
	}
	return conn, nil
}

// handshake begins TLS, where it is spoken, and HTTP/2. Later each request has a
// deadline of its own.
func (c *http2Carrier) handshake(ctx context.Context, raw net.Conn, sample *recording.Sample) (*http2.ClientConn, error) {
	conn := raw
	if c.tls != nil {
		sample.Phase = recording.PhaseTLS
		secured := tls.Client(raw, c.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, refusedALPN(err)
		}
		if secured.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
			return nil, errNoHTTP2
		}
		conn = secured
	}
	sample.Phase = recording.PhaseWrite
	return c.library.NewClientConn(conn)
}

// alertNoProtocol is the alert of a server that speaks none of the offered protocols (RFC
// 7301, section 3.2).
const alertNoProtocol = 120

// refusedALPN puts that alert into words; crypto/tls has no exported type for one that came.
func refusedALPN(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && isAlert(err) && op.Err.Error() == tls.AlertError(alertNoProtocol).Error() {
		return fmt.Errorf("the service does not speak h2: it refused it in the TLS handshake (ALPN): %w", err)
	}
	return err
}

// roundTrip writes the request and reads the answer to its last byte. unused
// tells that the connection closed before anything of it was written.
func (c *http2Carrier) roundTrip(ctx context.Context, conn *http2Conn, m *message, sample *recording.Sample) (answered said, unused bool, err error) {
	sample.Phase = recording.PhaseWrite
	var begun atomic.Bool
	var written, first atomic.Int64 // since the request was due; 0 for never
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { begun.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			defer guard.Catch(c.task, c.fail)
			if info.Err == nil {
				written.Store(int64(c.now.since(sample)))
			}
		},
		GotFirstResponseByte: func() {
			defer guard.Catch(c.task, c.fail)
			first.Store(int64(c.now.since(sample)))
		},
	})
	req, err := m.numbered(ctx, sample.Seq)
	if err != nil {
		return said{}, false, err
	}
	reads := conn.socket.reads.Load()
	resp, err := conn.client.RoundTrip(req)
	if at := time.Duration(first.Load()); at > 0 {
		sample.FirstByte = at
		sample.Written = at
	}
	// The library may be told of an answer before it tells that it has written.
	if written.Load() > 0 {
		sample.BytesOut = int64(len(m.target.Body))
	}
	if at := time.Duration(written.Load()); at > 0 && (sample.FirstByte == recording.NotReached || at < sample.FirstByte) {
		sample.Written = at
	}
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && conn.socket.reads.Load() == reads {
			conn.socket.fail(ctx.Err())
			conn.unresponsive.Store(true)
		}
		if sample.Written != recording.NotReached {
			sample.Phase = recording.PhaseFirstByte
		}
		return said{}, !begun.Load() && !conn.usable() && ctx.Err() == nil, conn.explain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answerOf(resp, c.podHeader)
	sample.Status = a.status
	sample.Pod = a.pod
	if a.pod != "" {
		conn.pod.Store(&a.pod)
	}
	sample.Phase = recording.PhaseBody
	if m.call != nil {
		if sample.BytesIn, sample.Class, a.complaint, err = m.call.judge(resp); err != nil {
			sample.Class = ""
			return said{}, false, conn.explain(err)
		}
		sample.Phase = recording.PhaseDone
		return a.said(), false, nil
	}
	if sample.BytesIn, err = a.read(nil, c.expectBody); err != nil {
		return said{}, false, conn.explain(err)
	}
	if grpc, complaint := grpcOutcome(resp); grpc {
		c.grpc.Store(true)
		if complaint != "" {
			sample.Class, a.complaint = recording.ClassGRPCStatus, complaint
		}
	}
	sample.Phase = recording.PhaseDone
	return a.said(), false, nil
}
