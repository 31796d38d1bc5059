package attack

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// namedByTurn serves as a pod of its own on each connection, of two in turn.
func namedByTurn(t *testing.T, protocol check.Protocol) *faultServer {
	t.Helper()
	return serve(t, false, func(v *visit) {
		pod := fmt.Sprintf("pod-%d", v.n%2)
		if protocol == check.H2C {
			new(http2.Server).ServeConn(v.Conn, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Pod", pod)
			})})
			return
		}
		for v.request() {
			v.say("HTTP/1.1 200 OK\r\nX-Pod: " + pod + "\r\nContent-Length: 2\r\n\r\nok")
		}
	})
}

func keeping(pool int, protocol check.Protocol) func(*check.Stream) {
	return func(s *check.Stream) { s.Connections, s.Pool, s.Protocol = check.Reused, pool, protocol }
}

func TestSpread(t *testing.T) {
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		t.Run(string(protocol), func(t *testing.T) {
			sink := &samples{}
			s := streamTo(t, namedByTurn(t, protocol), sink, keeping(5, protocol))
			want := func(after string, want map[string]int) {
				t.Helper()
				if got := s.Spread(); !maps.Equal(got, want) {
					t.Errorf("%s: %v, want %v", after, got, want)
				}
			}
			want("before anything was sent", map[string]int{})
			send(t, s, sink, 3)
			want("with three of five", map[string]int{"pod-0": 1, "pod-1": 2})
			send(t, s, sink, 9)
			want("with all of them", map[string]int{"pod-0": 2, "pod-1": 3})
		})
	}
}

// A pod that does not name itself is not made up, and a stream that keeps nothing
// has no spread.
func TestSpreadOfWhatIsNotKnown(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		for v.request() {
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	sink := &samples{}
	s := streamTo(t, server, sink, reused(2))
	send(t, s, sink, 4)
	if got := s.Spread(); !maps.Equal(got, map[string]int{"": 2}) {
		t.Errorf("%v", got)
	}
	fresh := streamTo(t, server, &samples{}, nil)
	if got := fresh.Spread(); got != nil {
		t.Errorf("new connections: %v", got)
	}
}

// A request that dials for its slot does not hold up the look at the others.
func TestSpreadDoesNotWaitForADial(t *testing.T) {
	s := newHTTP2Pool(3)
	s.all[0].lock <- struct{}{}
	for i := range s.all {
		s.all[i].conn = &http2Conn{}
	}
	s.all[2].conn.pod.Store(new("pod-a"))
	began := time.Now()
	if got := s.spread(); !maps.Equal(got, map[string]int{"": 1, "pod-a": 1}) {
		t.Errorf("%v", got)
	}
	if took := time.Since(began); took > testTimeout/2 {
		t.Errorf("it took %v", took)
	}
}

// The spread is asked for while requests are under way, and told at the end. This
// test is for the race detector.
func TestSpreadWhileItRuns(t *testing.T) {
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		t.Run(string(protocol), func(t *testing.T) {
			sink := &samples{}
			s := streamTo(t, namedByTurn(t, protocol), sink, func(c *check.Stream) {
				keeping(4, protocol)(c)
				c.Rate = 1000
			})
			asking, stop := context.WithCancel(t.Context())
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				for asking.Err() == nil {
					s.Spread()
				}
			}()
			end := runFor(t, s, sink, 200)
			stop()
			<-asked
			if total := end.Spread["pod-0"] + end.Spread["pod-1"]; total != 4 || end.Spread[""] != 0 {
				t.Errorf("at the end: %v", end.Spread)
			}
			if got := s.Spread(); !maps.Equal(got, end.Spread) {
				t.Errorf("after the end: %v, want %v", got, end.Spread)
			}
		})
	}
}
