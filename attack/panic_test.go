package attack

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A panic of what the stream was given ends the stream, wherever it is, and says
// so; the request in which it happened is not one that the service has lost.
func TestPanicEndsTheStream(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()

	for name, tt := range map[string]struct {
		protocol check.Protocol
		// where is the function in whose call the clock panics; empty for none.
		where string
		sink  bool
		stop  bool
	}{
		"the sink":                          {protocol: check.HTTP1, sink: true},
		"the sink, HTTP/2":                  {protocol: check.H2C, sink: true},
		"the clock in a request":            {protocol: check.HTTP1, where: "(*http1Carrier).roundTrip"},
		"the clock in the pacer":            {protocol: check.HTTP1, where: "(*pacer).Pace"},
		"the clock at the end":              {protocol: check.HTTP1, where: "(*Stream).Run.func", stop: true},
		"the clock in a writer of HTTP/2":   {protocol: check.H2C, where: "(*http2Carrier).roundTrip.func2"},
		"the clock in a listener of HTTP/2": {protocol: check.H2C, where: "(*http2Carrier).roundTrip.func3"},
	} {
		t.Run(name, func(t *testing.T) {
			var requests, samples, lost atomic.Uint64
			ctx, stop := context.WithTimeout(t.Context(), testTimeout)
			defer stop()
			now := func() time.Time {
				if tt.where != "" && requests.Load() >= 3 && within(tt.where) {
					panic("out of order")
				}
				return time.Now()
			}
			sink := func(s recording.Sample) {
				samples.Add(1)
				if s.Outcome == recording.Failed || s.Outcome == recording.ClientFault {
					lost.Add(1)
				}
				third := requests.Add(1) >= 3
				if third && tt.stop {
					stop()
				}
				if third && tt.sink {
					panic("out of order")
				}
			}
			stream, err := New(Config{Now: now, Sink: sink, Stream: check.Stream{
				Name: "test", Rate: 1000, Connections: check.Reused, Pool: 2, URL: server.URL,
				Protocol: tt.protocol, Method: http.MethodGet, Timeout: check.Duration(testTimeout),
			}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = stream.Run(ctx)
			if err == nil {
				t.Fatal("the stream ended without an error")
			}
			first, rest, _ := strings.Cut(err.Error(), "\n")
			if want := "sending the requests of stream test panicked: out of order"; first != want || !strings.Contains(rest, "panic_test.go") {
				t.Errorf("got %v", err)
			}
			counts := stream.Counts()
			if counts.InFlight != 0 || counts.Sent != counts.OK+counts.Unfinished || lost.Load() > 0 {
				t.Errorf("%d lost, %+v", lost.Load(), counts)
			}
		})
	}
}

// within tells whether a function of this name is being called.
func within(function string) bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}
