package attack

import (
	"context"
	"crypto/tls"
	"errors"
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

var errNoHTTP2 = errors.New("the service does not speak h2: it chose another protocol (ALPN)")

// newHTTP2 gives the library's side of connections.
func newHTTP2() *http2.Transport {
	return &http2.Transport{
		AllowHTTP:          true,
		DisableCompression: true,
		// A request waits for room on its connection. To dial another one is the
		// pool's business.
		StrictMaxConcurrentStreams: true,
	}
}

// exchangeHTTP2 goes through a request's phases on a connection that it shares
// with others.
func (t *transport) exchangeHTTP2(m *message, sample *recording.Sample) (answer, error) {
	ctx, cancel := context.WithTimeout(t.cut, t.timeout)
	defer cancel()
	for try := 1; ; try++ {
		sample.Phase = recording.PhaseDial
		conn, err := t.hold(ctx, sample)
		if err != nil {
			return answer{}, err
		}
		conn.describe(sample)
		sample.Acquired = t.since(sample)
		a, unused, err := t.converseHTTP2(ctx, conn, m, sample)
		conn.letGo()
		if !unused || try == maxUnused {
			return a, err
		}
	}
}

// hold gives a connection of the stream's policy, to be let go.
func (t *transport) hold(ctx context.Context, sample *recording.Sample) (*multiplexed, error) {
	if t.slots != nil {
		return t.slots.take(ctx, func() (*multiplexed, error) { return t.connectHTTP2(ctx, sample) })
	}
	m, err := t.connectHTTP2(ctx, sample)
	if err != nil {
		return nil, err
	}
	m.hold()
	m.retire()
	return m, nil
}

func (t *transport) connectHTTP2(ctx context.Context, sample *recording.Sample) (*multiplexed, error) {
	raw, err := t.open(ctx, sample)
	if err != nil {
		return nil, err
	}
	ear := &ear{Conn: raw}
	m := &multiplexed{endpoint: newEndpoint(t.lastConn.Add(1), raw), heard: &ear.heard}
	m.endpoint.describe(sample)
	if m.client, err = t.shakeHands(ctx, ear, sample); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return m, nil
}

// shakeHands begins TLS, where it is spoken, and HTTP/2. Later each request has a
// deadline of its own.
func (t *transport) shakeHands(ctx context.Context, raw net.Conn, sample *recording.Sample) (*http2.ClientConn, error) {
	conn := raw
	if t.tls != nil {
		sample.Phase = recording.PhaseTLS
		secured := tls.Client(raw, t.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		if secured.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
			return nil, errNoHTTP2
		}
		conn = secured
	}
	sample.Phase = recording.PhaseWrite
	return t.http2.NewClientConn(conn)
}

// converseHTTP2 writes the request and reads the answer to its last byte. unused
// tells that the connection closed before anything of it was written.
func (t *transport) converseHTTP2(ctx context.Context, conn *multiplexed, m *message, sample *recording.Sample) (a answer, unused bool, err error) {
	sample.Phase = recording.PhaseWrite
	var begun atomic.Bool
	var written, first atomic.Int64 // since the request was due; 0 for never
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { begun.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			defer guard.Catch(t.doing, t.fail)
			if info.Err == nil {
				written.Store(int64(t.since(sample)))
			}
		},
		GotFirstResponseByte: func() {
			defer guard.Catch(t.doing, t.fail)
			first.Store(int64(t.since(sample)))
		},
	})
	req, err := m.numbered(ctx, sample.Seq)
	if err != nil {
		return answer{}, false, err
	}
	heard := conn.heard.Load()
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
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && conn.heard.Load() == heard {
			conn.deaf.Store(true)
		}
		if sample.Written != recording.NotReached {
			sample.Phase = recording.PhaseFirstByte
		}
		return answer{}, !begun.Load() && !conn.usable() && ctx.Err() == nil, conn.explain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a = answerOf(resp, t.podHeader)
	sample.Status = a.status
	sample.Pod = a.pod
	if a.pod != "" {
		conn.pod.Store(&a.pod)
	}
	sample.Phase = recording.PhaseBody
	if sample.BytesIn, err = a.discard(nil); err != nil {
		return answer{}, false, conn.explain(err)
	}
	sample.Phase = recording.PhaseDone
	return a, false, nil
}
