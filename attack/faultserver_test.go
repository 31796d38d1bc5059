package attack

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// testTimeout bounds everything that a test waits for.
const testTimeout = 30 * time.Second

// faultServer does on purpose what services do when they are shut down badly.
type faultServer struct {
	url      string
	accepted atomic.Int64
	requests atomic.Int64 // read to their end
	// roots trust certificate; nil for plain HTTP.
	roots       *x509.CertPool
	certificate *x509.Certificate
	config      *tls.Config

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// visit is one connection, seen from the server.
type visit struct {
	net.Conn
	tcp    *net.TCPConn
	server *faultServer
	reader *bufio.Reader
	n      int64 // from 1 on each server
	last   *http.Request
	body   []byte // of the last request
}

// serve runs handle for each connection, until the test ends. The connection is
// closed when handle returns.
func serve(t *testing.T, secured bool, handle func(*visit)) *faultServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &faultServer{url: "http://" + listener.Addr().String() + "/", conns: map[net.Conn]bool{}}
	if secured {
		s.url = "https" + s.url[len("http"):]
		s.config, s.certificate = certificate(t)
		s.config.NextProtos = []string{"h2", "http/1.1"}
		s.roots = x509.NewCertPool()
		s.roots.AddCert(s.certificate)
	}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.enter(conn)
			v := &visit{Conn: conn, tcp: conn.(*net.TCPConn), server: s, n: s.accepted.Add(1)}
			if secured {
				v.Conn = tls.Server(conn, s.config)
			}
			v.reader = bufio.NewReader(v.Conn)
			handlers.Go(func() {
				defer s.leave(conn)
				defer func() { _ = v.Close() }()
				handle(v)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.hangUp()
		ended := make(chan struct{})
		go func() { handlers.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(2 * testTimeout):
			t.Error("what handles a connection does not end")
		}
	})
	return s
}

// certificate borrows the one that httptest has for 127.0.0.1.
func certificate(t *testing.T) (*tls.Config, *x509.Certificate) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Clone(), s.Certificate()
}

func (s *faultServer) enter(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(testTimeout))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = true
}

func (s *faultServer) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

func (s *faultServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// request reads one request to its end; false if the client is gone.
func (v *visit) request() bool {
	req, err := http.ReadRequest(v.reader)
	if err != nil {
		return false
	}
	v.last = req
	if v.body, err = io.ReadAll(req.Body); err != nil {
		return false
	}
	v.server.requests.Add(1)
	return true
}

// header reads a request without its body; false if the client is gone.
func (v *visit) header() bool {
	req, err := http.ReadRequest(v.reader)
	v.last = req
	return err == nil
}

func (v *visit) say(s string) { _, _ = io.WriteString(v, s) }

// answer is what a service in good health says.
func (v *visit) answer() { v.say("HTTP/1.1 200 OK\r\nX-Pod: pod-a\r\nContent-Length: 2\r\n\r\nok") }

// reset closes the connection so that the client gets an RST.
func (v *visit) reset() {
	_ = v.tcp.SetLinger(0)
	_ = v.tcp.Close()
}

// linger keeps the connection open until the client closes it.
func (v *visit) linger() { _, _ = io.Copy(io.Discard, v.reader) }

// healthy answers every request.
func healthy(v *visit) {
	for v.request() {
		v.answer()
	}
}
