package victim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// never is longer than any test: a delay that no test sits out.
const never = "1h"

// running is a service under test, on a real socket.
type running struct {
	t       *testing.T
	log     *eventStream
	signals chan os.Signal
	kill    context.CancelFunc
	left    chan struct{} // closed when Run has returned
	code    int
	err     error
}

// start runs a service with these variables, in the form of os.Environ. It is
// killed when the test ends.
func start(t *testing.T, environ ...string) *running {
	t.Helper()
	cfg, err := FromEnv(append([]string{"VICTIM_ADDR=127.0.0.1:0", "POD_NAME=pod-1", "VICTIM_LOG_REQUESTS=true"}, environ...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, kill := context.WithCancel(context.Background())
	r := &running{
		t: t, log: &eventStream{changed: make(chan struct{})}, kill: kill,
		signals: make(chan os.Signal, 1), left: make(chan struct{}),
	}
	go func() {
		defer close(r.left)
		r.code, r.err = Run(ctx, cfg, r.signals, r.log)
	}()
	t.Cleanup(func() {
		kill()
		<-r.left
	})
	return r
}

func (r *running) sigterm() { r.signals <- syscall.SIGTERM }

// sigtermDone returns once a service that goes on has done all that SIGTERM makes
// it do at once. Only then does it take a second signal and have room for a third.
func (r *running) sigtermDone() {
	for range 3 {
		r.sigterm()
	}
}

func (r *running) await(event string) Event {
	r.t.Helper()
	return r.awaitThat(event, func(Event) bool { return true })
}

func (r *running) awaitRequest(event, path string) Event {
	r.t.Helper()
	return r.awaitThat(event, func(e Event) bool { return e.Request.Path == path })
}

func (r *running) awaitThat(event string, fits func(Event) bool) Event {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		events, changed := r.log.snapshot()
		for _, e := range events {
			if e.Event == event && fits(e) {
				return e
			}
		}
		select {
		case <-changed:
		case <-r.left:
			if again, _ := r.log.snapshot(); len(again) == len(events) {
				r.t.Fatalf("left with %d, %v without %s; log: %+v", r.code, r.err, event, events)
			}
		case <-deadline:
			r.t.Fatalf("no %s; log: %+v", event, events)
		}
	}
}

func (r *running) addr() string {
	r.t.Helper()
	return r.await(Listening).Addr
}

func (r *running) wantCode(want int) {
	r.t.Helper()
	select {
	case <-r.left:
	case <-time.After(patience):
		r.t.Fatal("still running")
	}
	if r.code != want || r.err != nil {
		r.t.Errorf("left with %d, %v, want %d", r.code, r.err, want)
	}
}

func (r *running) dial() *client {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.addr())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &client{t: r.t, conn: conn, in: bufio.NewReader(conn)}
}

// get asks on a connection of its own.
func (r *running) get(path string) *http.Response {
	r.t.Helper()
	c := r.dial()
	c.send(path)
	return c.receive()
}

func (r *running) wantStatus(path string, want int) {
	r.t.Helper()
	if got := r.get(path).StatusCode; got != want {
		r.t.Errorf("%s: %d, want %d", path, got, want)
	}
}

func (r *running) wantRefused() {
	r.t.Helper()
	if conn, err := net.Dial("tcp", r.addr()); err == nil {
		_ = conn.Close()
		r.t.Error("a new connection was accepted")
	}
}

// client speaks HTTP on one connection and hides nothing of what happens to it.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (c *client) send(path string, headers ...string) {
	c.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: victim\r\n", path)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(c.conn, b.String()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) tryReceive() (*http.Response, error) {
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

func (c *client) receive() *http.Response {
	c.t.Helper()
	res, err := c.tryReceive()
	if err != nil {
		c.t.Fatal(err)
	}
	return res
}

func (c *client) wantCut() {
	c.t.Helper()
	if res, err := c.tryReceive(); err == nil {
		c.t.Errorf("got %s, want the connection cut", res.Status)
	}
}

func (c *client) wantClosed() {
	c.t.Helper()
	if _, err := c.in.ReadByte(); err != io.EOF {
		c.t.Errorf("read: %v, want EOF", err)
	}
}

// eventStream is the service's stdout. Each write must be one whole line.
type eventStream struct {
	mu      sync.Mutex
	events  []Event
	changed chan struct{} // closed and replaced by each write
}

func (s *eventStream) Write(p []byte) (int, error) {
	var e Event
	dec := json.NewDecoder(bytes.NewReader(p))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil || bytes.IndexByte(p, '\n') != len(p)-1 {
		panic(fmt.Sprintf("not one event on one line: %q: %v", p, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	close(s.changed)
	s.changed = make(chan struct{})
	return len(p), nil
}

func (s *eventStream) snapshot() ([]Event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.events), s.changed
}

// life returns the events that are not about single requests.
func (s *eventStream) life() []string {
	events, _ := s.snapshot()
	var names []string
	for _, e := range events {
		if e.Request == nil {
			names = append(names, e.Event)
		}
	}
	return names
}
