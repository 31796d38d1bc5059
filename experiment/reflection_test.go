package experiment

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	appsv1 "k8s.io/api/apps/v1"

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

// plainHTTP2 serves HTTP/2 that answers all with a status, and counts that unless asked is nil.
func plainHTTP2(t *testing.T, status int, asked *atomic.Int64) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked != nil {
			asked.Add(1)
		}
		w.WriteHeader(status)
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// A server that does not tell the types just now is out of order, as one that does not answer
// is in any other stream: nothing is done, and the run is inconclusive, with its recording. Of
// a workload that is not healthy that is said, and nobody is asked: a proxy would answer.
func TestTypesThatNobodyTells(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		ready  int32
		asked  bool
		want   string
	}{
		"unavailable": {http.StatusServiceUnavailable, 3, true, "the types of stream calls are not known, so nothing was done: http://"},
		"unhealthy":   {http.StatusNotFound, 2, false, "the workload was not healthy before anything was done to it: deployment/web is not healthy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			s.Set(func(d *appsv1.Deployment) { d.Status.ReadyReplicas = tt.ready })
			before := s.Deployment()
			var asked atomic.Int64
			cfg := s.config(scaleToOne)
			cfg.Check.Streams[0] = calling(plainHTTP2(t, tt.status, &asked), check.GRPC{Method: "a.B/C", Body: check.NewValue(`{"x": 1}`)})
			steps, err := Plan(t.Context(), cfg)
			if last := steps[len(steps)-1]; err != nil || !strings.HasPrefix(last, "note: ") || !strings.Contains(last, "a run changes nothing and is inconclusive") {
				t.Errorf("the plan ends with %q: %v", last, err)
			}
			if err := Run(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			s.isAsBefore(t, before)
			r := s.recorded(t)
			wantPhases(t, r)
			if !strings.HasPrefix(r.Ending.Error, tt.want) || (asked.Load() > 0) != tt.asked {
				t.Errorf("asked %d times; it ends with %q", asked.Load(), r.Ending.Error)
			}
			for _, write := range s.Writes() {
				if write != "create selfsubjectaccessreviews/" {
					t.Errorf("there was a %s", write)
				}
			}
		})
	}
}
