package attack

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// healthServer is grpc-go's, or what a test has it answer.
type healthServer struct {
	healthpb.HealthServer
	check func(context.Context) (*healthpb.HealthCheckResponse, error)
	watch func(healthpb.Health_WatchServer) error
}

func (h *healthServer) Check(ctx context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if h.check == nil {
		return h.HealthServer.Check(ctx, r)
	}
	return h.check(ctx)
}

func (h *healthServer) Watch(_ *healthpb.HealthCheckRequest, w healthpb.Health_WatchServer) error {
	return h.watch(w)
}

// serveGRPC serves it on 127.0.0.1 until the test ends.
func serveGRPC(t *testing.T, h *healthServer) (*grpc.Server, string) {
	t.Helper()
	h.HealthServer = health.NewServer()
	return serveServices(t, func(s *grpc.Server) { healthpb.RegisterHealthServer(s, h) })
}

// serveServices serves what is registered likewise.
func serveServices(t *testing.T, register func(*grpc.Server), options ...grpc.ServerOption) (*grpc.Server, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) { // before it began
			t.Error(err)
		}
	})
	return server, "http://" + listener.Addr().String()
}

// calls makes a stream of calls of a method, with nothing said but what change says.
func calls(t *testing.T, url string, policy check.Connections, sink *samples, change func(*check.Stream)) *Stream {
	t.Helper()
	spec := check.Stream{
		Name: "calls", Kind: check.GRPCCalls, Rate: 100, Connections: policy, URL: url, Timeout: check.Duration(testTimeout), GRPC: &check.GRPC{},
	}
	if change != nil {
		change(&spec)
	}
	c := check.Check{Streams: []check.Stream{spec}}.WithDefaults()
	return made(t, c.Streams[0], check.Target{}, sink)
}

func calling(method string) func(*check.Stream) {
	return func(s *check.Stream) { s.GRPC.Method = method }
}

func TestCallsOfAGRPCServer(t *testing.T) {
	unavailable := func(context.Context) (*healthpb.HealthCheckResponse, error) {
		return nil, status.Error(codes.Unavailable, "shutting down")
	}
	stream := func(end error) func(healthpb.Health_WatchServer) error {
		return func(w healthpb.Health_WatchServer) error {
			for range 3 {
				if err := w.Send(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}); err != nil {
					return err
				}
			}
			return end
		}
	}
	watch := calling("grpc.health.v1.Health/Watch")
	for name, tt := range map[string]struct {
		server healthServer
		change func(*check.Stream)
		class  recording.Class
		error  string
		bytes  int64
	}{
		"answers":              {change: nil, bytes: 7},
		"is unavailable":       {healthServer{check: unavailable}, nil, recording.ClassGRPCStatus, "grpc-status 14 (UNAVAILABLE)", 0},
		"as expected":          {healthServer{check: unavailable}, func(s *check.Stream) { s.GRPC.ExpectCodes = []check.GRPCCode{"UNAVAILABLE"} }, "", "", 0},
		"has no such method":   {healthServer{}, calling("a.B/C"), recording.ClassGRPCStatus, "grpc-status 12 (UNIMPLEMENTED)", 0},
		"streams":              {healthServer{watch: stream(nil)}, watch, "", "", 21},
		"streams, then aborts": {healthServer{watch: stream(status.Error(codes.Aborted, "x"))}, watch, recording.ClassGRPCStatus, "grpc-status 10 (ABORTED)", 21},
		"does not keep to time": {healthServer{check: func(ctx context.Context) (*healthpb.HealthCheckResponse, error) {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); !ok || left > testTimeout {
				return nil, status.Error(codes.Internal, "no deadline")
			}
			return &healthpb.HealthCheckResponse{}, nil
		}}, nil, "", "", 5},
	} {
		for _, policy := range []check.Connections{check.New, check.Reused} {
			t.Run(name+"/"+string(policy), func(t *testing.T) {
				_, url := serveGRPC(t, &tt.server)
				sink := &samples{}
				end := runFor(t, calls(t, url, policy, sink, tt.change), sink, 3)
				for _, got := range sink.all {
					if got.Class != tt.class || got.Error != tt.error || got.BytesIn != tt.bytes || got.Maskable {
						t.Errorf("%s %q %d bytes, maskable %t; want %s %q %d", got.Class, got.Error, got.BytesIn, got.Maskable, tt.class, tt.error, tt.bytes)
					}
				}
				if end.GRPC {
					t.Error("calls of gRPC are taken for plain requests")
				}
			})
		}
	}
}

// underWay has calls wait in the server until they are let go.
func underWay(t *testing.T, policy check.Connections) (server *grpc.Server, release func(), stop func() []recording.Sample) {
	t.Helper()
	entered, let := make(chan struct{}, 1000), make(chan struct{})
	server, url := serveGRPC(t, &healthServer{check: func(ctx context.Context) (*healthpb.HealthCheckResponse, error) {
		entered <- struct{}{}
		select {
		case <-let:
			return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	sink := &samples{}
	s := calls(t, url, policy, sink, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); runOf(t, ctx, s) }()
	for range 3 {
		<-entered
	}
	return server, func() { close(let) }, func() []recording.Sample { cancel(); <-ended; return sink.all }
}

// What GracefulStop has taken it answers, and what comes too late is told to be maskable
// where the server gives its word for it.
func TestGracefulStopOfAGRPCServer(t *testing.T) {
	server, release, stop := underWay(t, check.Reused)
	stopped := make(chan struct{})
	go func() { defer close(stopped); server.GracefulStop() }()
	release()
	<-stopped
	ok := 0
	for _, got := range stop() {
		switch {
		case got.Outcome == recording.OK:
			ok++
		case got.Class != recording.ClassRefused && !got.Maskable:
			t.Errorf("%s at %s %q", got.Class, got.Phase, got.Error)
		}
	}
	if ok < 3 {
		t.Errorf("%d calls were answered, want those that were under way", ok)
	}
}

// Stop cuts what is under way, and no client would send that again without asking.
func TestStopOfAGRPCServer(t *testing.T) {
	server, _, stop := underWay(t, check.New)
	server.Stop()
	cut := 0
	for _, got := range stop() {
		if got.Phase == recording.PhaseFirstByte && (got.Class == recording.ClassEOF || got.Class == recording.ClassReset) && !got.Maskable {
			cut++
		} else if got.Class != recording.ClassRefused && got.Class != recording.ClassEOF && got.Class != recording.ClassReset {
			t.Errorf("%s at %s %q, maskable %t", got.Class, got.Phase, got.Error, got.Maskable)
		}
	}
	if cut < 3 {
		t.Errorf("%d calls were cut, want those that were under way", cut)
	}
}

func TestMessagesOfAnAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		body     string
		messages int
		problem  string
	}{
		"none":             {"", 0, ""},
		"two":              {"\x00\x00\x00\x00\x01a\x00\x00\x00\x00\x00", 2, ""},
		"a cut prefix":     {"\x00\x00", 0, "the answer ended within a message"},
		"a cut message":    {"\x00\x00\x00\x00\x02a", 0, "the answer ended within a message"},
		"a compressed one": {"\x01\x00\x00\x00\x01ab", 0, "a message is compressed, which was not asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			n, messages, err := readMessages(strings.NewReader(tt.body))
			if n != int64(len(tt.body)) || messages != tt.messages || (err == nil) != (tt.problem == "") || err != nil && err.Error() != tt.problem {
				t.Errorf("%d bytes, %d messages, %v", n, messages, err)
			}
		})
	}
}

func TestGRPCTimeout(t *testing.T) {
	for d, want := range map[time.Duration]string{10 * time.Second: "10000m", time.Microsecond: "1m", 1e8 * time.Millisecond: "100000S", 1<<63 - 1: "99999999S"} {
		if got := grpcTimeout(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}
