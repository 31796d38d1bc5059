package attack

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// http2Conn is a connection of HTTP/2, which carries many requests at once. The
// library's connection sends each of them once: what net/http replays it replays
// in the pool above, which is ours.
type http2Conn struct {
	endpoint
	client *http2.ClientConn
	// generation is that of the pool when it was made.
	generation uint64
	served     atomic.Uint32
	socket     *http2Socket
	// unresponsive tells that a request on it timed out while nothing was read.
	unresponsive atomic.Bool
	pod          atomic.Pointer[string] // that last answered

	mu sync.Mutex
	// users are the requests that hold it; a retired one is closed by the last.
	users   int
	retired bool
}

// usable tells whether another request may go out on it: it is neither closed nor
// told to close (GOAWAY), nor unresponsive: nobody may be there any more, and HTTP/1.1
// drops a connection after each timeout too. The library calls one usable that closed
// before its first request; so that somebody hears of it.
func (c *http2Conn) usable() bool {
	return !c.unresponsive.Load() && !c.client.State().Closed && c.client.CanTakeNewRequest()
}

// http2Socket is what a connection is made of.
type http2Socket struct {
	net.Conn
	// reads counts those that gave something.
	reads atomic.Uint64

	ports *Ports
	port  uint16
	// failed is what it failed by first.
	failed atomic.Pointer[error]
	closed sync.Once
}

func (s *http2Socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 {
		s.reads.Add(1)
	}
	s.fail(err)
	return n, err
}

func (s *http2Socket) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	s.fail(err)
	return n, err
}

func (s *http2Socket) fail(err error) {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		s.failed.CompareAndSwap(nil, &err)
	}
}

// Close closes it and gives its port back. The library may do so again.
func (s *http2Socket) Close() error {
	var failed error
	if first := s.failed.Load(); first != nil {
		failed = *first
	}
	defer s.closed.Do(func() { s.ports.release(s.port, failed) })
	resetIfSilent(s.Conn, failed)
	return s.Conn.Close()
}

func (c *http2Conn) retain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users++
}

func (c *http2Conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	c.closeIfUnused()
}

// retire lets it end with the requests that it carries.
func (c *http2Conn) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retired = true
	c.closeIfUnused()
}

func (c *http2Conn) closeIfUnused() {
	if c.retired && c.users == 0 {
		_ = c.client.Close() // whatever was read before tells more
	}
}

func (c *http2Conn) describe(sample *recording.Sample) {
	c.endpoint.describe(sample)
	sample.Served = c.served.Add(1) - 1
	sample.ConnPod = ""
	if pod := c.pod.Load(); pod != nil {
		sample.ConnPod = *pod
	}
}

// describePod tells of a request that failed, and that was sent before anything was
// answered on the connection, which pod has answered there since.
func (c *http2Conn) describePod(sample *recording.Sample) {
	if pod := c.pod.Load(); pod != nil && sample.ConnPod == "" && sample.Pod == "" {
		sample.ConnPod = *pod
	}
}

// explain gives the failure of a request that c carried the type that tells its
// class. Where the connection itself was lost, whether that shows as its end or as a
// reset depends on which of the library's goroutines the kernel told first.
func (c *http2Conn) explain(err error) error {
	if reset, ok := errors.AsType[http2.StreamError](err); ok {
		if reset.Code == http2.ErrCodeRefusedStream {
			return &protocolError{recording.ClassRefusedStream, true, err}
		}
		return &protocolError{recording.ClassStreamReset, false, err}
	}
	if _, ok := errors.AsType[http2.GoAwayError](err); ok {
		return &protocolError{recording.ClassGoAway, false, err}
	}
	// The library has a type for a connection that ended after a GOAWAY, and none
	// for a request that the GOAWAY itself turned away.
	if c.client.State().Closing && !isTransportError(err) {
		return &protocolError{recording.ClassGoAway, true, err}
	}
	return err
}

// isTransportError tells whether the error is the connection's or the context's own.
func isTransportError(err error) bool {
	_, network := errors.AsType[net.Error](err)
	_, errno := errors.AsType[syscall.Errno](err)
	return network || errno || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled)
}
