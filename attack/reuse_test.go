package attack

import (
	"net"
	"sync"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A server that reads the second request on each connection and closes it. Go's
// default client hides each of these failures.
func TestTrap(t *testing.T) {
	for _, secured := range []bool{false, true} {
		t.Run(overTLS(secured), func(t *testing.T) {
			var mu sync.Mutex
			swallowed := map[string]int{} // by sequence number
			server := serve(t, secured, func(v *visit) {
				v.request()
				v.answer()
				if v.request() {
					mu.Lock()
					defer mu.Unlock()
					swallowed[v.last.Header.Get(sequenceHeader)]++
				}
			})
			sink := &samples{}
			s := streamTo(t, server, sink, func(c *check.Stream) {
				reused(4)(c)
				c.Rate = 500
			})
			s.maxInFlight = 16
			runFor(t, s, sink, 200)

			failed := 0
			for i := range sink.all {
				sample := &sink.all[i]
				if sample.Outcome == recording.OK {
					if !sample.Fresh() {
						t.Errorf("ok on a used connection: %+v", sample)
					}
					continue
				}
				failed++
				if sample.Class != recording.ClassEOF || sample.Phase != recording.PhaseFirstByte ||
					!sample.Maskable || sample.Served != 1 || sample.ConnPod != "pod-a" {
					t.Errorf("%+v", sample)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if failed == 0 || failed != len(swallowed) {
				t.Errorf("%d failed, the server swallowed %d", failed, len(swallowed))
			}
			for seq, n := range swallowed {
				if n != 1 {
					t.Errorf("request %s was sent %d times", seq, n)
				}
			}
			if n := server.requests.Load(); n != written(sink.all) {
				t.Errorf("the server saw %d requests, %d were written", n, written(sink.all))
			}
		})
	}
}

// The pool grows to its size with the requests and then takes turns.
func TestPoolTakesTurns(t *testing.T) {
	server := serve(t, false, healthy)
	sink := &samples{}
	all := send(t, streamTo(t, server, sink, reused(3)), sink, 12)
	fine(t, all)
	for i := range all {
		if sample := &all[i]; sample.Conn != uint64(i%3)+1 || sample.Served != uint32(i/3) {
			t.Errorf("request %d on connection %d, served %d", i, sample.Conn, sample.Served)
		}
	}
	if n := server.accepted.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// A renewed pool replaces each connection once, when its turn comes.
func TestRenewReplacesEachConnectionOnce(t *testing.T) {
	server := serve(t, false, healthy)
	sink := &samples{}
	s := streamTo(t, server, sink, reused(3))
	for i := range 12 {
		if i == 6 {
			s.Renew()
		}
		_ = sendOne(t, s, i)
	}
	fine(t, sink.all)
	for i := range sink.all {
		if want := uint64(i%3) + 1 + uint64(i/6)*3; sink.all[i].Conn != want {
			t.Errorf("request %d on connection %d, want %d", i, sink.all[i].Conn, want)
		}
	}
	s.sender.carrier.close()
}

// A stream that always has more requests under way than its pool holds still
// reuses connections.
func TestBusyPoolReuses(t *testing.T) {
	p := newHTTP1Pool(2)
	var busy []*http1Conn
	dialled := 0
	take := func() {
		c := p.take()
		if c == nil {
			dialled++
			near, far := net.Pipe()
			t.Cleanup(func() { _ = far.Close() })
			c = &http1Conn{Conn: near, raw: near}
			p.adopt(c)
		}
		busy = append(busy, c)
	}
	for range 5 {
		take()
	}
	for range 20 {
		p.put(busy[0])
		busy = busy[1:]
		take()
	}
	if dialled != 5 {
		t.Errorf("%d connections for 5 requests at a time", dialled)
	}
}

// When all connections are in use another is dialled; once all are back the
// surplus is closed.
func TestPoolClosesSurplus(t *testing.T) {
	const together = 5
	var arrived sync.WaitGroup
	arrived.Add(together)
	server := serve(t, false, func(v *visit) {
		if !v.request() {
			return
		}
		arrived.Done()
		arrived.Wait()
		v.answer()
		v.linger()
	})
	sink := &samples{}
	s := streamTo(t, server, sink, reused(2))
	var requests sync.WaitGroup
	for i := range together {
		requests.Go(func() { _ = sendOne(t, s, i) })
	}
	requests.Wait()
	fine(t, sink.all)
	if idle, live := len(http1Of(s).pool.idle), len(http1Of(s).pool.live); idle != 2 || live != 2 {
		t.Errorf("%d idle of %d live, want 2 of 2", idle, live)
	}
	s.sender.carrier.close()
}

func TestNewConnectionsAreNotKept(t *testing.T) {
	server := serve(t, false, healthy)
	sink := &samples{}
	s := streamTo(t, server, sink, nil)
	all := send(t, s, sink, 5)
	fine(t, all)
	for i := range all {
		if all[i].Conn != uint64(i+1) || !all[i].Fresh() || all[i].ConnPod != "" || all[i].Pod != "pod-a" {
			t.Errorf("%+v", all[i])
		}
	}
	if len(http1Of(s).pool.live) != 0 {
		t.Error("connections are left open")
	}
}

// An answer after which the connection carries no further request, although the
// service leaves it open.
func TestAnswerEndsConnection(t *testing.T) {
	for name, answer := range map[string]string{
		"Connection: close":       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.0":                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"switching protocols":     "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"more than was announced": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more",
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, false, func(v *visit) {
				v.request()
				v.say(answer)
				v.linger() // ends when the client closes
			})
			sink := &samples{}
			all := send(t, streamTo(t, server, sink, reused(1)), sink, 2)
			if all[0].Conn != 1 || all[1].Conn != 2 || all[1].BytesIn != all[0].BytesIn {
				t.Errorf("%+v", all)
			}
		})
	}
	// HTTP/1.0 with keep-alive asked for and granted carries on.
	server := serve(t, false, func(v *visit) {
		for v.request() {
			v.say("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	sink := &samples{}
	if all := send(t, streamTo(t, server, sink, reused(1)), sink, 2); all[1].Conn != 1 || all[1].Served != 1 {
		t.Errorf("%+v", all[1])
	}
}
