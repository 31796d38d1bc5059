package sender

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const testToken = "a-token-that-nobody-else-has"

// secret stands wherever something must not be told.
const secret = "s3cr3t"

// running is a sender at work, and the client of its conductor.
type running struct {
	*Client
	dial func(context.Context) (net.Conn, error)
	// end is SIGTERM.
	end context.CancelFunc
	log *written
	// dials are those of Client.
	dials  atomic.Int64
	server *Server
	// ended is what Serve returned.
	ended chan error
}

// written is a log that a test reads.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// serveTCP has a sender listen on the loopback.
func serveTCP(t *testing.T, now func() time.Time) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, now, l, dialer(l))
}

func dialer(l net.Listener) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

func serveOn(t *testing.T, now func() time.Time, l net.Listener, dial func(context.Context) (net.Conn, error)) *running {
	t.Helper()
	r := &running{dial: dial, log: &written{}, ended: make(chan error, 1)}
	r.Client = NewClient(func(ctx context.Context) (net.Conn, error) { r.dials.Add(1); return dial(ctx) }, testToken)
	server := New(Config{Now: now, Log: slog.New(slog.NewTextHandler(r.log, nil))})
	server.lookup = func(context.Context, *Assignment) error { return nil } // nobody outside is asked
	r.server = server
	var ctx context.Context
	ctx, r.end = context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- server.Serve(ctx, l)
	}()
	t.Cleanup(func() {
		r.end()
		r.Close()
		server.mu.Lock()
		server.collected = true
		server.mu.Unlock()
		server.wake()
		<-done
	})
	return r
}

// pipes is a listener without a network, for a clock that waits for nobody outside.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func servePipes(t *testing.T) *running {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	return serveOn(t, time.Now, l, l.dial)
}

// target is a service that answers with its pod's name.
func target(t *testing.T) *httptest.Server {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Pod-Name", "web-1")
	}))
	t.Cleanup(web.Close)
	return web
}

// assignment is one share of two streams to url.
func assignment(url string, sender, senders int) Assignment {
	c := check.Check{
		Target: check.Target{URL: url, PodHeader: "X-Pod-Name", Headers: []check.Header{{Name: "Authorization", Value: secret}}},
		Streams: []check.Stream{
			{Name: "fresh", Rate: 100, Connections: check.New},
			{Name: "kept", Rate: 150, Connections: check.Reused, Pool: 4, Method: http.MethodPost, Body: &check.Body{Text: check.NewValue(secret)}},
		},
	}.WithDefaults()
	return Assignment{Version: Version, Sender: sender, Senders: senders, Streams: c.Streams, Target: c.Target}
}

// started has a sender begin soon, and gives what it was told. A time that was over
// before the sender heard of it is refused and changes nothing; so it is asked again, with
// a later one.
func (r *running) started(t *testing.T) (start Start) {
	t.Helper()
	soon(t, func(lead time.Duration) bool {
		start = Start{At: time.Now().Add(lead)}
		begun := r.startedAt(t, start)
		if !begun {
			r.stillAssigned(t)
		}
		return begun
	})
	return start
}

// soon has start begin something a short lead from now. Where it tells that this time was
// over before all had heard of it, it is called again with twice the lead.
func soon(t *testing.T, start func(lead time.Duration) (begun bool)) {
	t.Helper()
	for lead := 50 * time.Millisecond; lead < time.Minute; lead *= 2 {
		if start(lead) {
			return
		}
	}
	t.Fatal("each time to begin was refused as over")
}

// startedAt is false if the time was over before the sender heard of it.
func (r *running) startedAt(t *testing.T, start Start) bool {
	t.Helper()
	status, err := r.Start(t.Context(), start)
	if tooLate(err) {
		return false
	}
	if off := time.Until(status.Now).Abs(); err != nil || status.State != Sending || off > time.Minute {
		t.Fatalf("after its start: %+v, %v", status, err)
	}
	return true
}

// tooLate tells whether a sender heard of its time only when that was over.
func tooLate(err error) bool {
	refusal, ok := errors.AsType[*RefusedError](err)
	return ok && refusal.Status == http.StatusConflict && strings.HasSuffix(refusal.Error(), " ago")
}

func (r *running) stillAssigned(t *testing.T) {
	t.Helper()
	if status, err := r.Poll(t.Context(), Poll{}); err != nil || status.State != Assigned {
		t.Fatalf("after a start that was refused: %+v, %v", status, err)
	}
}

// until polls until a status is as wanted, as a conductor does that keeps nothing.
func (r *running) until(t *testing.T, what string, wanted func(Status) bool) Status {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		status, err := r.Poll(t.Context(), Poll{})
		if err != nil {
			t.Fatalf("until %s: %v", what, err)
		}
		if wanted(status) {
			return status
		}
		if time.Now().After(deadline) {
			t.Fatalf("never %s: %+v", what, status)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (r *running) untilEnded(t *testing.T) Status {
	t.Helper()
	return r.until(t, "ended", func(s Status) bool { return s.State == Ended })
}

// collect fetches the segments that a status tells of.
func (r *running) collect(t *testing.T, status Status) (all []recording.Segment) {
	t.Helper()
	for _, s := range status.Segments {
		segment, err := r.Segment(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, segment)
	}
	return all
}

// samples gives what stands in segments, by way of a recording.
func samples(t *testing.T, segments []recording.Segment) (all []recording.Sample) {
	t.Helper()
	dir := t.TempDir() + "/recording"
	w, err := recording.Create(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	header := recording.Header{Tool: "test", Began: time.Now(), Check: check.Check{Workload: check.Workload{Kind: "deployment", Name: "web"}}}
	if err := w.Header(header); err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		if err := w.Segment(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(recording.Ending{At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for s, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *s)
	}
	return all
}

// must gives the status of a request that is carried out.
func must(t *testing.T) func(Status, error) Status {
	return func(status Status, err error) Status {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
}
