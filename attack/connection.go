package attack

import (
	"bufio"
	"errors"
	"net"
	"net/http"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// maxInformational is how many 1xx answers may come before the real one; the
// same number as in net/http.
const maxInformational = 5

var errTooManyInformational = errors.New("too many 1xx answers")

// connection is one connection of a stream. At any time it belongs to the pool
// or to one request.
type connection struct {
	id uint64 // from 1 in each stream
	net.Conn
	raw net.Conn // the socket; the same as Conn over plain HTTP

	reader *bufio.Reader
	writer *bufio.Writer
	// readErr is the first error of reading from the connection during a
	// request. The parsers above it may hide it: net/textproto takes what came
	// before the error for a line.
	readErr error

	probe      *probe
	generation uint64 // of the pool, when it was made
	served     uint32 // requests that were written
	pod        string // that last answered
	localPort  uint16
	remoteAddr string
}

func newConnection(id uint64, raw net.Conn) *connection {
	c := &connection{id: id, Conn: raw, raw: raw, probe: newProbe(raw)}
	c.reader = bufio.NewReader(c)
	c.writer = bufio.NewWriter(c)
	if local, ok := raw.LocalAddr().(*net.TCPAddr); ok {
		c.localPort = uint16(local.Port)
	}
	c.remoteAddr = raw.RemoteAddr().String()
	return c
}

// describe tells the sample which connection carries it.
func (c *connection) describe(sample *recording.Sample) {
	sample.Conn = c.id
	sample.Served = c.served
	sample.LocalPort = c.localPort
	sample.RemoteAddr = c.remoteAddr
	sample.ConnPod = c.pod
}

// silent tells whether an idle connection may carry another request. One on
// which the service has closed, reset or spoken out of turn may not: a good
// client sees that before it sends.
func (c *connection) silent() bool { return c.probe.silent() }

// reusable tells whether the connection may carry another request after resp
// was read to its end.
func (c *connection) reusable(resp *http.Response) bool {
	return !resp.Close && resp.StatusCode != http.StatusSwitchingProtocols && c.reader.Buffered() == 0
}

// Read is where the reader gets its bytes from.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.readErr == nil {
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

func (c *connection) write(req *http.Request) error {
	if err := req.Write(c.writer); err != nil {
		return err
	}
	if err := c.writer.Flush(); err != nil {
		return err
	}
	c.served++
	return nil
}

func (c *connection) awaitFirstByte() error {
	_, err := c.reader.Peek(1)
	return err
}

// readHeader reads the answer's header, past those of 1xx answers.
func (c *connection) readHeader(req *http.Request) (*http.Response, error) {
	for range maxInformational + 1 {
		resp, err := http.ReadResponse(c.reader, req)
		if err != nil {
			return nil, c.cause(err)
		}
		if resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
	return nil, errTooManyInformational
}
