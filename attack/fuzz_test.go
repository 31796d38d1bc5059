package attack

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Whatever a service says, each request becomes one sample whose parts agree, and
// the connection is used again only after an answer that was understood.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "H", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.0 500 Oops\r\n\r\nto the end",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, answer string, asks bool) {
		sink := &samples{}
		spec := check.Stream{
			Name: "fuzz", Rate: 1, Connections: check.Reused, Pool: 1, URL: "http://192.0.2.1/", Protocol: check.HTTP1,
			Method: http.MethodPost, Body: &check.Body{Text: check.NewValue("hello")}, Timeout: check.Duration(time.Second),
		}
		if asks {
			spec.Headers = []check.Header{{Name: "Expect", Value: "100-continue"}}
		}
		s, err := New(Config{Stream: spec, Target: check.Target{PodHeader: "X-Pod"}, Now: time.Now, Sink: sink.take})
		if err != nil {
			t.Fatal(err)
		}
		defer s.sender.carrier.close()
		serviceOf(s).dial = func(context.Context, string, string) (net.Conn, error) {
			client, service := net.Pipe()
			go func() {
				defer func() { _ = service.Close() }()
				go func() { _, _ = io.Copy(io.Discard, service) }()
				_, _ = io.WriteString(service, answer)
			}()
			return client, nil
		}
		for i := range 2 {
			_ = sendOne(t, s, i)
		}
		if len(sink.all) != 2 {
			t.Fatalf("%d samples", len(sink.all))
		}
		for i := range sink.all {
			wellFormed(t, &sink.all[i])
			if got := &sink.all[i]; got.Outcome == recording.OK && !strings.Contains(answer, "HTTP/") {
				t.Errorf("ok: %+v", got)
			}
		}
	})
}
