package attack

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestNewRejects(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:80", "ftp://127.0.0.1/", "http:///path", "http://127.0.0.1:port/", "http://[::1/"} {
		if _, err := New(Config{Stream: check.Stream{URL: url, Rate: 1}}); err == nil {
			t.Errorf("%q is taken for a URL to send to", url)
		}
	}
}

func TestMaxInFlight(t *testing.T) {
	for _, tt := range []struct {
		rate    float64
		timeout time.Duration
		limit   int
		want    int
	}{
		{100, 10 * time.Second, 0, 1001},
		{0.1, time.Second, 0, 2},
		{2.5, time.Second, 0, 4},
		{50_000, time.Minute, 0, inFlightCap},
		{100, 10 * time.Second, 16, 16},
		{1, time.Second, 16, 2},
	} {
		s := check.Stream{Rate: tt.rate, Timeout: check.Duration(tt.timeout), MaxConnections: tt.limit}
		if got := InFlight(s); got != tt.want {
			t.Errorf("%v/s within %v, %d connections: %d in flight, want %d", tt.rate, tt.timeout, tt.limit, got, tt.want)
		}
	}
}

// Every request that the server saw is a sample that says so, whatever the
// server does with it.
func TestEveryRequestIsASample(t *testing.T) {
	faults := []func(*visit){
		(*visit).answer, (*visit).answer, (*visit).answer,
		(*visit).reset,
		func(v *visit) { _ = v.Close() },
		func(v *visit) { v.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"); _ = v.Close() },
		func(v *visit) { v.say("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n") },
	}
	for name, change := range map[string]func(*check.Stream){"new": func(*check.Stream) {}, "reused": reused(8)} {
		for _, secured := range []bool{false, true} {
			t.Run(name+"/"+overTLS(secured), func(t *testing.T) {
				var turn atomic.Int64
				server := serve(t, secured, func(v *visit) {
					for v.request() {
						faults[turn.Add(1)%int64(len(faults))](v)
					}
				})
				sink := &samples{}
				s := streamTo(t, server, sink, func(c *check.Stream) {
					change(c)
					c.Rate = 1000
				})
				s.maxInFlight = 16 // no more than the slowest machine can serve at once
				runFor(t, s, sink, 300)
				if n := server.requests.Load(); n != written(sink.all) {
					t.Errorf("the server saw %d requests, %d were written", n, written(sink.all))
				}
				if c := s.Counts(); c.OK == 0 || c.Failed == 0 || c.Client != 0 || c.Unfinished != 0 {
					t.Errorf("%+v", c)
				}
			})
		}
	}
}

// A redirect is the answer, not a reason to send more.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, location := range []string{"/elsewhere", "http://%zz/", ""} {
		server := serve(t, false, func(v *visit) {
			for v.request() {
				v.say("HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n")
			}
		})
		sink := &samples{}
		runFor(t, streamTo(t, server, sink, reused(1)), sink, 3)
		fine(t, sink.all)
		if n := server.requests.Load(); n != int64(len(sink.all)) || sink.all[0].Status != http.StatusFound {
			t.Errorf("location %q: the server saw %d requests, %d samples", location, n, len(sink.all))
		}
	}
}

// Stopping cuts nothing: what is in flight is waited for.
func TestStopWaitsForAnswers(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	server := serve(t, false, func(v *visit) {
		v.request()
		close(arrived)
		<-release
		v.answer()
	})
	sink := &samples{}
	s := streamTo(t, server, sink, func(c *check.Stream) { c.Rate = 0.01 })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan recording.StreamEnd)
	go func() { ended <- runOf(t, ctx, s) }()
	<-arrived
	cancel()
	if c := s.Counts(); c.InFlight != 1 || c.Sent != 1 {
		t.Errorf("%+v", c)
	}
	close(release)
	end := <-ended
	fine(t, sink.all)
	balanced(t, s, sink, end)
	if end.Scheduled != 1 {
		t.Errorf("%d scheduled", end.Scheduled)
	}
}

// Abort cuts what is in flight, wherever it is, and ends the stream.
func TestAbort(t *testing.T) {
	const together = 3
	for _, tt := range []struct {
		name    string
		url     func(string) string
		prepare func(s *Stream, reached func())
		do      func(v *visit, reached func())
		phase   recording.Phase
	}{
		{name: "dial", phase: recording.PhaseDial, prepare: func(s *Stream, reached func()) {
			serviceOf(s).dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				reached()
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}},
		{
			name: "tls", phase: recording.PhaseTLS, url: func(url string) string { return "https" + url[len("http"):] },
			do: func(v *visit, reached func()) { _, _ = v.reader.Peek(1); reached(); v.linger() },
		},
		{
			name: "first byte", phase: recording.PhaseFirstByte,
			do: func(v *visit, reached func()) { v.request(); reached(); v.linger() },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := make(chan struct{}, together)
			reached := func() { in <- struct{}{} }
			server := serve(t, false, func(v *visit) { tt.do(v, reached) })
			sink := &samples{}
			s := stream(t, server.url, sink, func(c *check.Stream) {
				c.Timeout = check.Duration(time.Hour)
				if tt.url != nil {
					c.URL = tt.url(c.URL)
				}
			})
			s.maxInFlight = together
			if tt.prepare != nil {
				tt.prepare(s, reached)
			}
			ended := make(chan recording.StreamEnd)
			go func() { ended <- runOf(t, t.Context(), s) }()
			for range together {
				<-in
			}
			aborted := time.Now()
			s.Abort()
			s.Abort()
			end := <-ended
			// The server's testTimeout would end it too.
			if took := time.Since(aborted); took > testTimeout/2 {
				t.Errorf("returned after %v", took)
			}
			balanced(t, s, sink, end)
			if c := s.Counts(); c.Unfinished != c.Sent || c.Sent < together {
				t.Errorf("%+v", c)
			}
			met := 0
			for i := range sink.all {
				if sample := &sink.all[i]; sample.Phase == tt.phase {
					met++
				}
			}
			if met < together {
				t.Errorf("%d of %d were cut in %s", met, len(sink.all), tt.phase)
			}
		})
	}
}
