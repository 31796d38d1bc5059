//go:build !race

package attack

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A service that falls silent leaves as many requests under way as the timeout
// takes: ten thousand at 1,000/s. A Job has 256 MiB for all of it.
func TestRequestsUnderWayAreSmall(t *testing.T) {
	const (
		requests = 1000
		most     = 16 << 10 // of each, with the socket's other end, which is here too
	)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	var accepted []net.Conn
	all, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			if accepted = append(accepted, conn); len(accepted) == requests {
				close(all)
			}
		}
	}()
	stream, err := New(Config{
		Stream: check.Stream{
			Name: "silent", Kind: check.Short, URL: "http://" + silent.Addr().String() + "/", Method: "GET", Protocol: check.HTTP1,
			Rate: requests, Connections: check.New, Timeout: check.Duration(time.Minute), MaxConnections: requests,
		},
		Now:  time.Now,
		Sink: func(recording.Sample) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := held()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = stream.Run(ctx)
	}()
	<-all
	each := (held() - before) / requests
	cancel()
	stream.Abort()
	<-ended
	_ = silent.Close()
	<-gone
	for _, conn := range accepted {
		_ = conn.Close()
	}
	t.Logf("%d bytes for each request under way", each)
	if each > most {
		t.Errorf("%d bytes for each request under way, want at most %d", each, most)
	}
}

// held is the memory that lives, with the stacks.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
