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

// multiplexed is a connection of HTTP/2, which carries many requests at once. The
// library's connection sends each of them once: what net/http replays it replays
// in the pool above, which is ours.
type multiplexed struct {
	endpoint
	client *http2.ClientConn
	// generation is that of the slots when it was made.
	generation uint64
	served     atomic.Uint32
	heard      *atomic.Uint64 // how often the service has said something
	// deaf tells that a request on it timed out before anything was heard.
	deaf atomic.Bool
	pod  atomic.Pointer[string] // that last answered

	mu sync.Mutex
	// users are the requests that hold it; a retired one is closed by the last.
	users   int
	retired bool
}

// usable tells whether another request may go out on it: it is neither closed nor
// told to close (GOAWAY), nor deaf: nobody may be there any more, and HTTP/1.1 drops
// a connection after each timeout too. The library calls one usable that closed before its first
// request; so that somebody hears of it.
func (m *multiplexed) usable() bool {
	return !m.deaf.Load() && !m.client.State().Closed && m.client.CanTakeNewRequest()
}

// ear counts what is heard on a connection.
type ear struct {
	net.Conn
	heard atomic.Uint64
}

func (e *ear) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if n > 0 {
		e.heard.Add(1)
	}
	return n, err
}

func (m *multiplexed) hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users++
}

func (m *multiplexed) letGo() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users--
	m.closeIfUnused()
}

// retire lets it end with the requests that it carries.
func (m *multiplexed) retire() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retired = true
	m.closeIfUnused()
}

func (m *multiplexed) closeIfUnused() {
	if m.retired && m.users == 0 {
		_ = m.client.Close() // whatever was read before tells more
	}
}

func (m *multiplexed) describe(sample *recording.Sample) {
	m.endpoint.describe(sample)
	sample.Served = m.served.Add(1) - 1
	sample.ConnPod = ""
	if pod := m.pod.Load(); pod != nil {
		sample.ConnPod = *pod
	}
}

// streamError is why a request of HTTP/2 failed, where HTTP/2 itself says so.
type streamError struct {
	class recording.Class
	// unprocessed tells that the service gave its word not to have looked at it
	// (RFC 9113, section 8.7): clients send such requests again without asking.
	unprocessed bool
	err         error
}

func (e *streamError) Error() string { return e.err.Error() }
func (e *streamError) Unwrap() error { return e.err }

// explain gives the failure of a request that m carried the type that tells its
// class. Where the connection itself was lost, whether that shows as its end or as a
// reset depends on which of the library's goroutines the kernel told first.
func (m *multiplexed) explain(err error) error {
	if reset, ok := errors.AsType[http2.StreamError](err); ok {
		if reset.Code == http2.ErrCodeRefusedStream {
			return &streamError{recording.ClassRefusedStream, true, err}
		}
		return &streamError{recording.ClassStreamReset, false, err}
	}
	if _, ok := errors.AsType[http2.GoAwayError](err); ok {
		return &streamError{recording.ClassGoAway, false, err}
	}
	// The library has a type for a connection that ended after a GOAWAY, and none
	// for a request that the GOAWAY itself turned away.
	if m.client.State().Closing && !typed(err) {
		return &streamError{recording.ClassGoAway, true, err}
	}
	return err
}

// typed tells whether the error is the connection's or the context's own.
func typed(err error) bool {
	_, network := errors.AsType[net.Error](err)
	_, errno := errors.AsType[syscall.Errno](err)
	return network || errno || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled)
}

// slots are the connections of HTTP/2 that a stream keeps. Requests take them in
// turn.
type slots struct {
	all  []slot
	next atomic.Uint64
	// generation counts the renewals, as in pool.
	generation atomic.Uint64
}

// slot is the place of one connection.
type slot struct {
	// turn is held by the request that looks at the slot, and dials for all that
	// wait for it.
	turn chan struct{}
	conn *multiplexed
}

func newSlots(n int) *slots {
	s := &slots{all: make([]slot, n)}
	for i := range s.all {
		s.all[i].turn = make(chan struct{}, 1)
	}
	return s
}

// take gives a connection that is held until its letGo. One that is closed, told to
// close, or outdated is replaced by what dial gives.
func (s *slots) take(ctx context.Context, dial func() (*multiplexed, error)) (*multiplexed, error) {
	place := &s.all[(s.next.Add(1)-1)%uint64(len(s.all))]
	select {
	case place.turn <- struct{}{}:
		defer func() { <-place.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	generation := s.generation.Load()
	if c := place.conn; c != nil && (c.generation != generation || !c.usable()) {
		c.retire()
		place.conn = nil
	}
	if place.conn == nil {
		c, err := dial()
		if err != nil {
			return nil, err
		}
		c.generation = generation
		place.conn = c
	}
	place.conn.hold()
	return place.conn, nil
}

// close ends what the stream keeps. No request may be under way.
func (s *slots) close() {
	for i := range s.all {
		if c := s.all[i].conn; c != nil {
			c.retire()
			s.all[i].conn = nil
		}
	}
}
