package experiment

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// calling is a stream of calls.
func calling(url string, call check.GRPC) check.Stream {
	return check.Check{Streams: []check.Stream{{
		Name: "calls", Kind: check.GRPCCalls, Rate: sceneRate, Connections: check.Reused, Pool: 2, URL: url, GRPC: &call,
	}}}.WithDefaults().Streams[0]
}

// sized is gRPC's service for tests, and counts the calls for an answer of three bytes.
type sized struct {
	testpb.UnimplementedTestServiceServer
	right, wrong atomic.Int64
}

func (s *sized) UnaryCall(_ context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if in.GetResponseSize() == 3 {
		s.right.Add(1)
	} else {
		s.wrong.Add(1)
	}
	return &testpb.SimpleResponse{}, nil
}

// A message is put together by the types that the server itself tells, before the run.
func TestACallWhoseTypesTheServerTells(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service, server := &sized{}, grpc.NewServer()
	testpb.RegisterTestServiceServer(server, service)
	reflection.Register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	s := newScene(t, nil)
	cfg := s.config(scaleToOne)
	call := check.GRPC{Method: "grpc.testing.TestService/UnaryCall", Body: check.NewValue(`{"responseSize": 3}`)}
	cfg.Check.Streams[0] = calling("http://"+listener.Addr().String(), call)
	if err := Feasible(cfg.Check); err != nil {
		t.Fatal(err)
	}
	if _, err := Plan(t.Context(), cfg); err != nil || service.right.Load()+service.wrong.Load() > 0 {
		t.Fatalf("a plan: %v, and %d calls", err, service.right.Load()+service.wrong.Load())
	}
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if service.right.Load() == 0 || service.wrong.Load() > 0 {
		t.Errorf("%d calls had the message, %d another", service.right.Load(), service.wrong.Load())
	}
	if r := s.recorded(t); r.Ending.Error != "" || r.Ending.Streams[0].Sent == 0 {
		t.Errorf("it ends with %+v", r.Ending)
	}
}
