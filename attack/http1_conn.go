package attack

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// maxInformational is how many 1xx answers may come before the real one; the
// same number as in net/http.
const maxInformational = 5

var errTooManyInformational = errors.New("too many 1xx answers")

// http1Conn is one connection of HTTP/1.1. At any time it belongs to the pool
// or to one request.
type http1Conn struct {
	endpoint
	net.Conn
	raw net.Conn // the socket; the same as Conn over plain HTTP

	// reader and writer are there while they are needed.
	reader *bufio.Reader
	writer *bufio.Writer
	// attempt is attemptRead, made once. While it reads, onSocket is set and socket
	// is its descriptor; attempted is what became of it.
	attempt   func(fd uintptr) bool
	socket    uintptr
	onSocket  bool
	attempted error
	// readErr is the first error of reading from the connection during a
	// request. The parsers above it may hide it: net/textproto takes what came
	// before the error for a line.
	readErr error

	// ctx and deadline are those of the request that the connection carries.
	ctx      context.Context //nolint:containedctx // net.Conn has no room for one
	deadline time.Time

	probe      *probe
	generation uint64 // of the pool, when it was made
	// noReuse tells that it may carry no other request, whatever the answer says.
	noReuse bool
	served  uint32 // requests that were written
	pod     string // that last answered

	ports  *Ports
	failed error // what it failed by
}

func newHTTP1Conn(id uint64, raw net.Conn, ports *Ports) *http1Conn {
	c := &http1Conn{endpoint: newEndpoint(id, raw), Conn: raw, raw: raw, probe: newProbe(raw), ports: ports}
	c.attempt = c.attemptRead
	return c
}

// Close closes it, once, and gives its port back.
func (c *http1Conn) Close() error {
	defer c.ports.release(c.localPort, c.failed)
	resetIfSilent(c.raw, c.failed)
	return c.Conn.Close()
}

// describe tells the sample which connection carries it.
func (c *http1Conn) describe(sample *recording.Sample) {
	c.endpoint.describe(sample)
	sample.Served = c.served
	sample.ConnPod = c.pod
}

// usable tells whether an idle connection may carry another request. One on
// which the service has closed, reset or spoken out of turn may not: a good
// client sees that before it sends.
func (c *http1Conn) usable() bool { return c.probe.idle() }

// reusable tells whether the connection may carry another request after the
// answer was read to its end.
func (c *http1Conn) reusable(a *answer) bool {
	return !c.noReuse && !a.close && c.reader.Buffered() == 0
}

// Read is where the reader gets its bytes from.
func (c *http1Conn) Read(p []byte) (int, error) {
	if c.onSocket {
		return c.read(c.readSocket(p))
	}
	return c.read(c.Conn.Read(p))
}

// read notes what became of reading.
func (c *http1Conn) read(n int, err error) (int, error) {
	if err != nil && c.readErr == nil && !errors.Is(err, syscall.EAGAIN) {
		c.readErr = err
	}
	return n, err
}

// cause is why reading an answer failed: the connection's own error if it had
// one, else err, which is then about what was read.
func (c *http1Conn) cause(err error) error {
	if c.readErr != nil {
		return c.readErr
	}
	return err
}

// write sends a request. If the service answers before it has all of it, that
// answer is left to be read.
func (c *http1Conn) write(m *message, seq uint64) error {
	c.acquireWriter()
	defer c.releaseWriter()
	m.writeHead(c.writer, seq)
	if m.expectsContinue {
		if err := c.awaitContinue(m); err != nil {
			c.noReuse = true
			if !errors.Is(err, errRefused) {
				return err
			}
			c.served++
			return nil
		}
	}
	m.writeBody(c.writer)
	if err := c.writer.Flush(); err != nil && !c.answered(err) {
		return err
	}
	c.served++
	return nil
}

// answered tells whether the service has answered although the request could not
// be written to its end: some refuse a body and close.
func (c *http1Conn) answered(err error) bool {
	c.noReuse, c.failed = true, err
	if isTimeout(err) {
		return false
	}
	// A connection that cannot be written to has ended: it gives what had come before
	// that, and then its end, and keeps nobody waiting. A deadline of its own would lose
	// an answer that is there: whatever has come, nothing is read past a deadline, and
	// the processor may be taken away for longer than any that is short.
	_, err = c.acquireReader().Peek(1)
	return err == nil
}

// setReadDeadline bounds what is read from here on. It fails once the user has had
// enough, also if its own bound has taken the place of the one that said so.
func (c *http1Conn) setReadDeadline(deadline time.Time) error {
	if err := c.raw.SetReadDeadline(deadline); err != nil {
		return err
	}
	return c.ctx.Err()
}

// begin bounds all that is done for a request, as setReadDeadline does for reading. A
// connection that begins one while the stream is aborted is either seen here or found
// in the pool by interrupt.
func (c *http1Conn) begin(ctx context.Context, deadline time.Time) error {
	c.ctx, c.deadline = ctx, deadline
	if err := c.raw.SetDeadline(deadline); err != nil {
		return err
	}
	return c.ctx.Err()
}

func (c *http1Conn) awaitFirstByte() error {
	if c.reader == nil && c.hasSocket() {
		return c.awaitOnSocket()
	}
	_, err := c.acquireReader().Peek(1)
	return err
}

// readHeader reads the answer's header, past those of 1xx answers.
func (c *http1Conn) readHeader(m *message, podHeader string) (answer, error) {
	if m.request.Method != http.MethodHead {
		if a, ok := plainAnswer(c.reader, podHeader, c.pod); ok {
			return a, nil
		}
	}
	for range maxInformational + 1 {
		resp, err := http.ReadResponse(c.reader, m.request) //nolint:bodyclose // it is read to its end, and holds nothing
		if err != nil {
			return answer{}, c.cause(err)
		}
		if resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			return answerOf(resp, podHeader), nil
		}
	}
	return answer{}, errTooManyInformational
}
