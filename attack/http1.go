package attack

import (
	"context"
	"crypto/tls"
	"io"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// http1Carrier carries requests over HTTP/1.1, each from its send to the last byte
// of its answer, in the goroutine that called it.
type http1Carrier struct {
	*service
	open opener
	pool *http1Pool
}

func (c *http1Carrier) renew()                 { c.pool.renew() }
func (c *http1Carrier) spread() map[string]int { return c.pool.spread() }
func (c *http1Carrier) interrupt()             { c.pool.interrupt() }
func (c *http1Carrier) close()                 { c.pool.close() }

func (c *http1Carrier) exchange(ctx context.Context, m *message, sample *recording.Sample) (said, error) {
	conn, err := c.acquire(ctx, sample)
	if err != nil {
		return said{}, err
	}
	a, err := c.roundTrip(conn, m, sample)
	reusable := err == nil && conn.reusable(&a)
	if err != nil {
		conn.failed = err
	}
	conn.releaseReader()
	if reusable {
		c.pool.put(conn)
	} else {
		c.pool.drop(conn)
	}
	return a.said(), err
}

// acquire gives a connection whose deadline is set: the one that has been idle
// longest, or a new one.
func (c *http1Carrier) acquire(ctx context.Context, sample *recording.Sample) (*http1Conn, error) {
	// The poller's time, whatever the run's clock is.
	deadline := time.Now().Add(c.timeout)
	sample.Phase = recording.PhaseDial
	conn := c.pool.take()
	for conn != nil && !conn.usable() {
		conn.failed = io.EOF // or reset: what has come is not taken
		c.pool.drop(conn)
		conn = c.pool.take()
	}
	if conn == nil {
		var err error
		if conn, err = c.connect(ctx, sample, deadline); err != nil {
			return nil, err
		}
	} else {
		conn.describe(sample)
		if err := conn.begin(ctx, deadline); err != nil {
			c.pool.drop(conn)
			return nil, err
		}
	}
	sample.Acquired = c.now.since(sample)
	return conn, nil
}

// connect makes a connection for the place that the pool keeps for it, and
// gives the place back if that fails.
func (c *http1Carrier) connect(ctx context.Context, sample *recording.Sample, deadline time.Time) (*http1Conn, error) {
	dialing, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()

	raw, err := c.open(dialing, sample)
	if err != nil {
		c.pool.release()
		return nil, err
	}
	conn := newHTTP1Conn(c.nextConn(), raw, c.ports)
	c.pool.adopt(conn)
	conn.describe(sample)
	if err := conn.begin(ctx, deadline); err != nil {
		c.pool.drop(conn)
		return nil, err
	}
	if c.tls != nil {
		sample.Phase = recording.PhaseTLS
		secured := tls.Client(raw, c.tls)
		conn.Conn = secured
		// The connection has its deadline already, and interrupt moves it.
		if err := secured.Handshake(); err != nil { //nolint:noctx // see above
			conn.failed = err
			c.pool.drop(conn)
			return nil, err
		}
	}
	return conn, nil
}

// roundTrip writes the request and reads the answer to its last byte.
func (c *http1Carrier) roundTrip(conn *http1Conn, m *message, sample *recording.Sample) (answer, error) {
	sample.Phase = recording.PhaseWrite
	if err := conn.write(m, sample.Seq); err != nil {
		return answer{}, err
	}
	sample.Written = c.now.since(sample)
	if !conn.noReuse {
		sample.BytesOut = int64(len(m.target.Body))
	}

	sample.Phase = recording.PhaseFirstByte
	if err := conn.awaitFirstByte(); err != nil {
		return answer{}, err
	}
	sample.FirstByte = c.now.since(sample)

	sample.Phase = recording.PhaseHeader
	a, err := conn.readHeader(m, c.podHeader)
	if err != nil {
		return answer{}, err
	}
	sample.Status = a.status
	sample.Pod = a.pod
	if a.pod != "" {
		conn.pod = a.pod
	}

	sample.Phase = recording.PhaseBody
	if sample.BytesIn, err = a.read(conn.reader, c.expectBody); err != nil {
		return answer{}, conn.cause(err)
	}
	sample.Phase = recording.PhaseDone
	return a, nil
}
