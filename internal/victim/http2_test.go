package victim

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// The types of frames that tests look for (RFC 9113, section 6).
const (
	settingsFrame = 4
	goAwayType    = 7
)

// anyRequest is the last request that a GOAWAY names which turns none away.
const anyRequest = 1<<31 - 1

// http2Client speaks HTTP/2 on one connection, and sees each frame that comes.
type http2Client struct {
	t    *testing.T
	conn *http.ClientConn
	wire *wire
}

// dialHTTP2 returns when the service has read the connection's preface.
func (r *running) dialHTTP2() *http2Client {
	r.t.Helper()
	c := &http2Client{t: r.t}
	transport := &http.Transport{
		Protocols: new(http.Protocols),
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			c.wire = &wire{Conn: conn, changed: make(chan struct{})}
			return c.wire, nil
		},
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	var err error
	if c.conn, err = transport.NewClientConn(r.t.Context(), "http", r.addr()); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.wire.Close() })
	c.awaitFrame("its settings acknowledged", func(f frame) bool { return f.kind == settingsFrame && f.flags == 1 })
	return c
}

// answer is what came of one request.
type answer struct {
	status int
	pod    string
	err    error
}

// ask sends a request; its answer comes while others are under way.
func (c *http2Client) ask(path string, headers ...string) <-chan answer {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://victim"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answers := make(chan answer, 1)
	go func() {
		res, err := c.conn.RoundTrip(req)
		if err != nil {
			answers <- answer{err: err}
			return
		}
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		answers <- answer{res.StatusCode, res.Header.Get("X-Pod-Name"), err}
	}()
	return answers
}

func (c *http2Client) wantOK(answers <-chan answer) {
	c.t.Helper()
	if a := <-answers; a.err != nil || a.status != http.StatusOK || a.pod != "pod-1" {
		c.t.Errorf("got %d from %q, %v", a.status, a.pod, a.err)
	}
}

func (c *http2Client) wantCut(answers <-chan answer) {
	c.t.Helper()
	if a := <-answers; a.err == nil {
		c.t.Errorf("got %d, want the connection cut", a.status)
	}
}

// wantEnd waits for the connection's end, and wants to have been told of it by
// these GOAWAYs, which are known by the last request that they name.
func (c *http2Client) wantEnd(lasts ...uint32) {
	c.t.Helper()
	c.await("the connection's end", func(w *wire) bool { return w.ended })
	var got []uint32
	for _, f := range c.wire.frames() {
		if f.kind == goAwayType {
			got = append(got, binary.BigEndian.Uint32(f.payload))
		}
	}
	if !slices.Equal(got, lasts) {
		c.t.Errorf("told to go away after %d, want %d", got, lasts)
	}
}

func (c *http2Client) awaitFrame(what string, fits func(frame) bool) {
	c.t.Helper()
	c.await(what, func(w *wire) bool { return slices.ContainsFunc(w.frames(), fits) })
}

func (c *http2Client) await(what string, come func(*wire) bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.wire.mu.Lock()
		done, changed := come(c.wire), c.wire.changed
		c.wire.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.t.Fatalf("not seen: %s", what)
		}
	}
}

// wire is a connection that remembers what came over it.
type wire struct {
	net.Conn
	// gate, while it is held, keeps from the client what comes.
	gate sync.Mutex

	mu      sync.Mutex
	come    []byte
	ended   bool
	changed chan struct{} // closed and replaced as more comes
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.gate.Lock()
	defer w.gate.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.come = append(w.come, p[:n]...)
	w.ended = w.ended || err != nil
	close(w.changed)
	w.changed = make(chan struct{})
	return n, err
}

type frame struct {
	kind, flags byte
	payload     []byte
}

// frames are those that have come as a whole.
func (w *wire) frames() []frame {
	const head = 9
	var all []frame
	for rest := w.come; len(rest) >= head; {
		length := int(rest[0])<<16 | int(rest[1])<<8 | int(rest[2])
		if len(rest) < head+length {
			break
		}
		all = append(all, frame{rest[3], rest[4], rest[head : head+length]})
		rest = rest[head+length:]
	}
	return all
}

func TestHTTP2BesideHTTP1(t *testing.T) {
	r := start(t)
	c := r.dialHTTP2()
	first := c.ask("/slow?for=5m", "X-Vegeta-Attack", "many", "X-Vegeta-Seq", "1")
	r.awaitRequest(RequestStart, "/slow?for=5m")
	c.wantOK(c.ask("/", "X-Vegeta-Attack", "many", "X-Vegeta-Seq", "2")) // on the same connection meanwhile
	r.wantStatus("/", 200)                                               // HTTP/1.1

	for seq, path := range map[string]string{"1": "/slow?for=5m", "2": "/"} {
		e := r.awaitThat(RequestStart, func(e Event) bool { return e.Request.Seq == seq })
		want := Request{Stream: "many", Seq: seq, Path: path, Remote: c.wire.LocalAddr().String(), Started: e.Time}
		if *e.Request != want {
			t.Errorf("logged %+v, want %+v", *e.Request, want)
		}
	}
	r.awaitThat(RequestEnd, func(e Event) bool { return e.Request.Seq == "2" && e.Status == 200 })
	_ = c.wire.Close()
	c.wantCut(first)
	if e := r.awaitRequest(RequestEnd, "/slow?for=5m"); e.Status != 0 {
		t.Errorf("the request without a client ended with %d", e.Status)
	}
}

func TestHTTP2ExitCutsAllRequestsInFlight(t *testing.T) {
	r := start(t, "VICTIM_ON_SIGTERM=exit")
	c := r.dialHTTP2()
	first := c.ask("/slow?for=5m", "X-Vegeta-Attack", "slow", "X-Vegeta-Seq", "41")
	r.awaitRequest(RequestStart, "/slow?for=5m")
	second := c.ask("/slow?for=4m", "X-Vegeta-Attack", "slow", "X-Vegeta-Seq", "42")
	r.awaitRequest(RequestStart, "/slow?for=4m")
	r.sigterm()
	c.wantCut(first)
	c.wantCut(second)
	c.wantEnd()
	r.wantCode(2)
	var seqs []string
	for _, q := range r.await(Exiting).InFlight {
		seqs = append(seqs, q.Stream+q.Seq)
	}
	if !slices.Equal(seqs, []string{"slow41", "slow42"}) {
		t.Errorf("in flight: %q", seqs)
	}
}

func TestHTTP2DrainAnswersWhatIsInFlight(t *testing.T) {
	r := start(t)
	c := r.dialHTTP2()
	first := c.ask("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	second := c.ask("/slow?for=1500ms")
	r.awaitRequest(RequestStart, "/slow?for=1500ms")
	r.sigterm()
	if e := r.await(Draining); len(e.InFlight) != 2 {
		t.Errorf("draining with %+v", e.InFlight)
	}
	r.wantRefused()
	c.wantOK(first)
	c.wantOK(second)
	c.wantEnd(3) // client's requests have odd numbers
	r.wantCode(0)
	if in := r.await(Exiting).InFlight; len(in) != 0 {
		t.Errorf("left with %+v", in)
	}
}

func TestHTTP2DrainTellsIdleConnections(t *testing.T) {
	r := start(t)
	c := r.dialHTTP2()
	c.wantOK(c.ask("/"))
	r.sigterm()
	c.wantEnd(anyRequest)
	r.wantCode(0)
}

// A client that has not yet read that its connection ends may send on.
func TestHTTP2DrainAnswersWhatCrossesTheGoAway(t *testing.T) {
	r := start(t)
	c := r.dialHTTP2()
	c.wantOK(c.ask("/"))
	c.wire.gate.Lock()
	r.sigterm()
	r.await(Draining)
	crossing := c.ask("/slow?for=10ms")
	r.awaitThat(RequestEnd, func(e Event) bool { return e.Request.Path == "/slow?for=10ms" && e.Status == 200 })
	c.wire.gate.Unlock()
	c.wantOK(crossing)
	c.wantEnd(anyRequest, 3)
	r.wantCode(0)
}

func TestHTTP2DrainWaitsForAnAcceptedConnection(t *testing.T) {
	r := start(t)
	c := r.dialHTTP2()
	r.sigterm()
	r.await(Draining)
	c.wantOK(c.ask("/"))
	c.wantEnd(1)
	r.wantCode(0)
}

func TestHTTP2DrainDoesNotWaitForASilentConnection(t *testing.T) {
	r := start(t)
	silent, deaf := r.dialHTTP2(), r.dialHTTP2()
	deaf.wantOK(deaf.ask("/"))
	deaf.wire.gate.Lock()
	r.sigterm()
	r.wantCode(0)
	deaf.wire.gate.Unlock()
	silent.wantEnd()
	deaf.wantEnd(anyRequest)
}

func TestHTTP2KeepAliveKeep(t *testing.T) {
	r := start(t, "VICTIM_KEEPALIVE=keep")
	idle, busy := r.dialHTTP2(), r.dialHTTP2()
	idle.wantOK(idle.ask("/"))
	busy.ask("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigterm()
	r.await(Draining)
	idle.wantOK(idle.ask("/")) // the listener is closed, the connection is not
	r.wantCode(0)
	idle.wantEnd()
	busy.wantEnd()
}

func TestHTTP2KeepAliveClose(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=close")
	idle, busy, fresh := r.dialHTTP2(), r.dialHTTP2(), r.dialHTTP2()
	idle.wantOK(idle.ask("/"))
	answers := busy.ask("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigterm()
	idle.wantEnd()
	busy.wantOK(answers)
	fresh.wantOK(fresh.ask("/"))
}

func TestHTTP2KeepAliveCut(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=cut")
	used, fresh := r.dialHTTP2(), r.dialHTTP2()
	used.wantOK(used.ask("/"))
	r.sigtermDone()
	used.wantCut(used.ask("/"))
	used.wantEnd()
	fresh.wantOK(fresh.ask("/"))
	fresh.wantCut(fresh.ask("/"))
}
