package victim

import (
	"net"
	"sync"
	"time"
)

// writerPatience is how long the last answer has to get from the server's writer to
// the kernel, of which grpc-go tells nobody.
const writerPatience = 100 * time.Millisecond

// grpcConnections follows the connections of gRPC, which their server hides.
type grpcConnections struct {
	mu      sync.Mutex
	open    map[string]*grpcConnection // by the client's address
	active  int                        // calls of all connections
	cutUsed bool                       // from now on an idle connection ends with its next call
	quiet   chan struct{}              // closed when there is no call; nil until someone waits
}

// grpcConnection is guarded by the mutex of all.
type grpcConnection struct {
	net.Conn
	all    *grpcConnections
	active int
	served bool // a call has come
}

// grpcListener has its connections followed.
type grpcListener struct {
	net.Listener
	conns *grpcConnections
}

// Accept follows the connection from now on.
func (l grpcListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := l.conns
	followed := &grpcConnection{Conn: conn, all: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]*grpcConnection{}
	}
	c.open[conn.RemoteAddr().String()] = followed
	return followed, nil
}

// Close ends the connection, and with it that it is followed.
func (conn *grpcConnection) Close() error {
	conn.all.mu.Lock()
	defer conn.all.mu.Unlock()
	return conn.close()
}

func (conn *grpcConnection) close() error {
	if remote := conn.RemoteAddr().String(); conn.all.open[remote] == conn {
		delete(conn.all.open, remote)
	}
	return conn.Conn.Close()
}

// begin notes a call on the connection from there, and tells whether it was closed
// for that.
func (c *grpcConnections) begin(remote string) (conn *grpcConnection, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active++
	if conn = c.open[remote]; conn == nil {
		return nil, false
	}
	cut = c.cutUsed && conn.served && conn.active == 0
	conn.served = true
	conn.active++
	if cut {
		_ = conn.close()
	}
	return conn, cut
}

func (c *grpcConnections) end(conn *grpcConnection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active--
	if conn != nil {
		conn.active--
	}
	if c.active == 0 && c.quiet != nil {
		time.AfterFunc(writerPatience, c.settle)
	}
}

// cut closes, from now on, every connection that is idle and was used when the next
// call comes.
func (c *grpcConnections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutUsed = true
}

// dropIdle closes every connection that is idle and was used.
func (c *grpcConnections) dropIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		if conn.served && conn.active == 0 {
			_ = conn.close()
		}
	}
}

// waitQuiet returns a channel that is closed once there is no call, and what was just
// accepted had time for its first one.
func (c *grpcConnections) waitQuiet() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet = make(chan struct{})
	time.AfterFunc(newPatience, c.settle)
	return c.quiet
}

func (c *grpcConnections) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.active == 0 && c.quiet != nil {
		close(c.quiet)
		c.quiet = nil
	}
}
