package victim

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// newPatience bounds how long a connection that was accepted but has sent
// nothing holds up a drain. Its request is most likely on the way.
const newPatience = time.Second

// connections follows the state of every connection. http.Server.Shutdown would
// not do: it closes idle connections and announces it, whether wanted or not.
type connections struct {
	mu        sync.Mutex
	states    map[net.Conn]http.ConnState
	closeIdle bool          // from now on no connection outlives its answer
	cutUsed   bool          // from now on a connection ends with its next request
	impatient bool          // new connections no longer count as busy
	quiet     chan struct{} // closed when nothing is busy; nil until someone waits
}

// track is the server's ConnState hook.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.states == nil {
		c.states = map[net.Conn]http.ConnState{}
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(c.states, conn)
	case http.StateIdle:
		c.states[conn] = state
		if c.closeIdle {
			_ = conn.Close()
		}
	default:
		if c.cutUsed && c.states[conn] == http.StateIdle {
			_ = conn.Close()
		}
		c.states[conn] = state
	}
	c.settle()
}

// cut closes, from now on, every connection that has carried a request when the
// next one comes.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutUsed = true
}

// dropIdle closes every idle connection and, from now on, every other one as it
// becomes idle. A connection that carries its first request is spared until then.
func (c *connections) dropIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeIdle = true
	for conn, state := range c.states {
		if state == http.StateIdle {
			_ = conn.Close()
		}
	}
}

// waitQuiet returns a channel that is closed once no connection carries a
// request. Call it once, after the listener was closed.
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
	for _, state := range c.states {
		if state == http.StateActive || state == http.StateNew && !c.impatient {
			return
		}
	}
	close(c.quiet)
	c.quiet = nil
}
