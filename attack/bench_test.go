package attack

import (
	"bufio"
	"bytes"
	"context"
	"math"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// benchConns is how many requests are under way at once.
const benchConns = 16

// benchServer answers as cheaply as can be, to leave the time to the client.
func benchServer(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nX-Pod-Name: pod-a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for {
					line, err := reader.ReadSlice('\n')
					if err != nil {
						return
					}
					if len(bytes.TrimSpace(line)) > 0 {
						continue
					}
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

// As many requests as go, over connections that are reused.
func BenchmarkStream(b *testing.B) { benchStream(b, benchServer(b), check.HTTP1) }

// The same over HTTP/2; what the server takes is in it.
func BenchmarkHTTP2(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go new(http2.Server).ServeConn(conn, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Pod-Name", "pod-a")
			})})
		}
	}()
	benchStream(b, "http://"+listener.Addr().String()+"/", check.H2C)
}

func benchStream(b *testing.B, url string, protocol check.Protocol) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var n atomic.Int64
	s, err := New(Config{
		Stream: check.Stream{
			Name: "bench", Rate: math.MaxInt32, Connections: check.Reused, Pool: benchConns,
			URL: url, Protocol: protocol, Method: "GET", Timeout: check.Duration(10 * time.Second),
		},
		Target: check.Target{PodHeader: "X-Pod-Name"},
		Now:    time.Now,
		Sink: func(recording.Sample) {
			if n.Add(1) == int64(b.N) {
				cancel()
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	s.maxInFlight = benchConns
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := s.Run(ctx); err != nil {
		b.Fatal(err)
	}
	if c := s.Counts(); c.OK != c.Sent {
		b.Fatalf("%+v", c)
	}
}

// The same with vegeta's own transport.
func BenchmarkVegeta(b *testing.B) {
	target := vegeta.Target{Method: "GET", URL: benchServer(b)}
	attacker := vegeta.NewAttacker(vegeta.Workers(benchConns), vegeta.MaxWorkers(benchConns), vegeta.Connections(benchConns))
	pacer := vegeta.PacerFunc(func(_ time.Duration, hits uint64) (time.Duration, bool) { return 0, hits >= uint64(b.N) })
	b.ReportAllocs()
	b.ResetTimer()
	for result := range attacker.Attack(vegeta.NewStaticTargeter(target), benchPacer{pacer}, 0, "bench") {
		if result.Error != "" {
			b.Fatal(result.Error)
		}
	}
}

type benchPacer struct{ vegeta.PacerFunc }

func (benchPacer) Rate(time.Duration) float64 { return 0 }
