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

// endpoint tells one connection of a stream from the others.
type endpoint struct {
	id         uint64 // from 1 in each stream
	localPort  uint16
	remoteAddr string
}

func newEndpoint(id uint64, raw net.Conn) endpoint {
	e := endpoint{id: id, remoteAddr: raw.RemoteAddr().String()}
	if local, ok := raw.LocalAddr().(*net.TCPAddr); ok {
		e.localPort = uint16(local.Port)
	}
	return e
}

// describe tells the sample which connection carries it.
func (e *endpoint) describe(sample *recording.Sample) {
	sample.Conn = e.id
	sample.LocalPort = e.localPort
	sample.RemoteAddr = e.remoteAddr
}

// connection is one connection of HTTP/1.1. At any time it belongs to the pool
// or to one request.
type connection struct {
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

	// deadline is that of the request that the connection carries.
	deadline time.Time
	// cut ends when the user has had enough.
	cut context.Context //nolint:containedctx // a latch

	probe      *probe
	generation uint64 // of the pool, when it was made
	// spent tells that it may carry no other request, whatever the answer says.
	spent  bool
	served uint32 // requests that were written
	pod    string // that last answered
}

func newConnection(id uint64, raw net.Conn, cut context.Context) *connection { //nolint:revive // cut bounds no call
	c := &connection{endpoint: newEndpoint(id, raw), Conn: raw, raw: raw, cut: cut, probe: newProbe(raw)}
	c.attempt = c.attemptRead
	return c
}

// describe tells the sample which connection carries it.
func (c *connection) describe(sample *recording.Sample) {
	c.endpoint.describe(sample)
	sample.Served = c.served
	sample.ConnPod = c.pod
}

// silent tells whether an idle connection may carry another request. One on
// which the service has closed, reset or spoken out of turn may not: a good
// client sees that before it sends.
func (c *connection) silent() bool { return c.probe.silent() }

// reusable tells whether the connection may carry another request after the
// answer was read to its end.
func (c *connection) reusable(a answer) bool {
	return !c.spent && !a.last && c.reader.Buffered() == 0
}

// Read is where the reader gets its bytes from.
func (c *connection) Read(p []byte) (int, error) {
	if c.onSocket {
		return c.read(c.readSocket(p))
	}
	return c.read(c.Conn.Read(p))
}

// read notes what became of reading.
func (c *connection) read(n int, err error) (int, error) {
	if err != nil && c.readErr == nil && !errors.Is(err, syscall.EAGAIN) {
		c.readErr = err
	}
	return n, err
}

// cause is why reading an answer failed: the connection's own error if it had
// one, else err, which is then about what was read.
func (c *connection) cause(err error) error {
	if c.readErr != nil {
		return c.readErr
	}
	return err
}

// write sends a request. If the service answers before it has all of it, that
// answer is left to be read.
func (c *connection) write(m *message, seq uint64) error {
	c.takeWriter()
	defer c.giveWriter()
	m.writeHead(c.writer, seq)
	if m.expects {
		if err := c.awaitContinue(m); err != nil {
			c.spent = true
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
func (c *connection) answered(err error) bool {
	c.spent = true
	if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() {
		return false
	}
	// An answer that has come is there at once; nothing is waited for.
	if c.readUntil(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	if _, err := c.takeReader().Peek(1); err != nil {
		return false
	}
	return c.readUntil(c.deadline) == nil
}

// readUntil bounds what is read from here on. It fails once the user has had
// enough, also if its own bound has taken the place of the one that said so.
func (c *connection) readUntil(deadline time.Time) error {
	if err := c.raw.SetReadDeadline(deadline); err != nil {
		return err
	}
	return c.cut.Err()
}

// bound bounds all that is done from here on, as readUntil does for reading. A
// connection that is bound while transport.abort runs is either seen here or found
// in the pool by abort.
func (c *connection) bound(deadline time.Time) error {
	c.deadline = deadline
	if err := c.raw.SetDeadline(deadline); err != nil {
		return err
	}
	return c.cut.Err()
}

func (c *connection) awaitFirstByte() error {
	if c.reader == nil && c.hasSocket() {
		return c.awaitOnSocket()
	}
	_, err := c.takeReader().Peek(1)
	return err
}

// readHeader reads the answer's header, past those of 1xx answers.
func (c *connection) readHeader(m *message, podHeader string) (answer, error) {
	if m.asked.Method != http.MethodHead {
		if a, ok := plainAnswer(c.reader, podHeader, c.pod); ok {
			return a, nil
		}
	}
	for range maxInformational + 1 {
		resp, err := http.ReadResponse(c.reader, m.asked) //nolint:bodyclose // it is read to its end, and holds nothing
		if err != nil {
			return answer{}, c.cause(err)
		}
		if resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			return answerOf(resp, podHeader), nil
		}
	}
	return answer{}, errTooManyInformational
}
