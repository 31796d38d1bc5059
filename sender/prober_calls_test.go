package sender

import (
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Where a check makes calls of gRPC alone, a pod is asked by such a call.
func TestAPodIsCalledWhereTheCheckCalls(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-served })
	p := NewProber(ProberConfig{
		Streams: []check.Stream{{
			Name: "calls", Kind: check.GRPCCalls, URL: "http://web.invalid", Protocol: check.H2C, Timeout: check.Duration(5 * time.Second),
			GRPC: &check.GRPC{Method: check.DefaultGRPCMethod, ExpectCodes: []check.GRPCCode{"OK"}},
		}},
		Now: time.Now, Sink: (&probes{}).take, Fail: func(err error) { t.Error(err) },
	})
	t.Cleanup(p.Close)
	p.set(t, Window{Number: 1, Rate: 10, Try: &ProbedPod{UID: "u", Address: listener.Addr().String()}})
	eventually(t, "the try", func() bool { return p.Status().Tried != nil })
	if tried := p.Status().Tried; tried.Problem != "" {
		t.Errorf("a server that answers calls: %s", tried.Problem)
	}
}
