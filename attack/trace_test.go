package attack

import (
	"bufio"
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Each request bears its own traceparent where that is asked for, by each protocol.
func TestTraceparent(t *testing.T) {
	base := recording.TraceBase{1, 2, 3}
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		for _, traced := range []bool{true, false} {
			var mu sync.Mutex
			got := map[string][]string{} // by number
			server := serve(t, false, func(v *visit) {
				note := func(r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					got[r.Header.Get(sequenceHeader)] = r.Header["Traceparent"]
				}
				if protocol == check.H2C {
					new(http2.Server).ServeConn(v.Conn, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { note(r) })})
					return
				}
				for v.request() {
					note(v.last)
					v.answer()
				}
			})
			sink := &samples{}
			s, err := New(Config{
				Stream: check.Stream{
					Name: "test", Rate: 100, Connections: check.Reused, Pool: 1, URL: server.url, Protocol: protocol,
					Method: http.MethodGet, Timeout: check.Duration(testTimeout),
				},
				Target: check.Target{PodHeader: "x-pod", Trace: traced}, TraceBase: base,
				Now: time.Now, Sink: sink.take,
			})
			if err != nil {
				t.Fatal(err)
			}
			send(t, s, sink, 2)
			for seq, number := range []string{"0", "1"} {
				want := string(base.Traces("test").AppendParent(nil, uint64(seq)))
				if parents := got[number]; traced != (len(parents) == 1 && parents[0] == want) || !traced && len(parents) > 0 {
					t.Errorf("%s, traced %v, request %s: %q, want %s", protocol, traced, number, parents, want)
				}
			}
		}
	}
}

// A traceparent costs no memory of its own.
func TestTraceparentIsWrittenInPlace(t *testing.T) {
	s := stream(t, "http://127.0.0.1:1/", &samples{}, nil)
	m := s.sender.messages[0]
	traces := recording.TraceBase{1}.Traces("test")
	m.traces = &traces
	var wire bytes.Buffer
	w := bufio.NewWriter(&wire)
	n := testing.AllocsPerRun(100, func() {
		wire.Reset()
		m.writeHead(w, 7)
		_ = w.Flush()
	})
	if n > 0 {
		t.Errorf("%g allocations", n)
	}
	if !bytes.Contains(wire.Bytes(), []byte("\r\nX-Vegeta-Seq: 7\r\ntraceparent: 00-")) || !bytes.HasSuffix(wire.Bytes(), []byte("-01\r\n\r\n")) {
		t.Errorf("%q", wire.Bytes())
	}
}
