package victim

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// newPatience bounds how long a connection that was accepted but has sent
	// nothing holds up a drain. Its request is most likely on the way.
	newPatience = time.Second
	// goneAwayPatience is how long a client has to close a connection of HTTP/2
	// that carries nothing any more and of whose end it was told. It is that of
	// net/http.
	goneAwayPatience = time.Second
)

// goAwayFrame tells a client that its connection ends, and does not say which
// request was the last one (RFC 9113, section 6.8): a request that crosses it is
// answered. That of net/http names one, and drops what comes behind.
var goAwayFrame = []byte{
	0, 0, 8, 7, 0, 0, 0, 0, 0, // eight bytes of GOAWAY, of the connection itself
	0x7f, 0xff, 0xff, 0xff, // the highest number that a request can have
	0, 0, 0, 0, // no error
}

// connections follows the state of every connection. http.Server.Shutdown would
// not do: it closes idle connections and announces it, whether wanted or not.
type connections struct {
	mu        sync.Mutex
	open      map[net.Conn]*connection
	closeIdle bool          // from now on no connection of HTTP/1.1 outlives its answer
	cutUsed   bool          // from now on a connection ends with its next request
	announced bool          // from now on each connection of HTTP/2 ends, and its client knows
	impatient bool          // new connections no longer count as busy
	quiet     chan struct{} // closed when nothing is busy; nil until someone waits
}

type connection struct {
	// state is StateNew until the first request.
	state  http.ConnState
	served bool // a request has come
	http2  bool
}

// connKey finds a request's connection in its context.
type connKey struct{}

// name is the server's ConnContext hook.
func (*connections) name(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// begin notes that the request's connection carries one.
func (c *connections) begin(r *http.Request) {
	conn, _ := r.Context().Value(connKey{}).(net.Conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.open[conn]; known != nil {
		known.served = true
	}
}

// track is the server's ConnState hook.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if c.open == nil {
			c.open = map[net.Conn]*connection{}
		}
		c.open[conn] = &connection{state: state}
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	case http.StateIdle:
		c.rest(conn, c.open[conn])
	default:
		known := c.open[conn]
		if c.cutUsed && known.state == http.StateIdle {
			_ = conn.Close()
		}
		known.state = state
	}
	c.settle()
}

// rest takes note that a connection carries nothing at present. Only one of
// HTTP/2 does so before its first request: the server has read its preface.
func (c *connections) rest(conn net.Conn, known *connection) {
	if !known.served {
		known.http2, known.state = true, http.StateNew
		return
	}
	known.state = http.StateIdle
	switch {
	case known.http2 && c.announced:
		c.closeGoneAway(conn)
	case !known.http2 && c.closeIdle:
		// Of an answer of HTTP/2 the last frame would still have to go out.
		_ = conn.Close()
	}
}

// cut closes, from now on, every connection that has carried a request when the
// next one comes.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutUsed = true
}

// dropIdle closes every idle connection and, from now on, every other one of
// HTTP/1.1 as it becomes idle. A connection that carries its first request is
// spared until then.
func (c *connections) dropIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeIdle = true
	for conn, known := range c.open {
		if known.state == http.StateIdle {
			_ = conn.Close()
		}
	}
}

// goAway tells the clients of idle connections of HTTP/2 that these end. The
// others' are told by the answers, as those of HTTP/1.1 are. No other frame is
// being written: before an answer the server has to pass track.
func (c *connections) goAway() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.announced = true
	for conn, known := range c.open {
		if known.http2 && known.state == http.StateIdle {
			_, _ = conn.Write(goAwayFrame)
			c.closeGoneAway(conn)
		}
	}
}

// closeGoneAway closes an idle connection whose client takes its time to do so.
func (c *connections) closeGoneAway(conn net.Conn) {
	time.AfterFunc(goneAwayPatience, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if known := c.open[conn]; known != nil && known.state == http.StateIdle {
			_ = conn.Close()
		}
	})
}

// waitQuiet returns a channel that is closed once no connection carries a
// request, and those of HTTP/2 that were announced to end have done so. Call it
// once, after the listener was closed.
func (c *connections) waitQuiet() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet = make(chan struct{})
	time.AfterFunc(newPatience, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.impatient = true
		c.settle()
	})
	quiet := c.quiet
	c.settle()
	return quiet
}

func (c *connections) settle() {
	if c.quiet == nil {
		return
	}
	for _, known := range c.open {
		if c.busy(known) {
			return
		}
	}
	close(c.quiet)
	c.quiet = nil
}

func (c *connections) busy(known *connection) bool {
	switch known.state {
	case http.StateActive:
		return true
	case http.StateNew:
		return !c.impatient
	default:
		return known.http2 && c.announced
	}
}
