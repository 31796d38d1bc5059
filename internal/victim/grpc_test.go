package victim

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func startGRPC(t *testing.T, environ ...string) *running {
	t.Helper()
	return start(t, append([]string{"VICTIM_GRPC_ADDR=127.0.0.1:0"}, environ...)...)
}

// grpcClient has one connection, and never another.
type grpcClient struct {
	*http2Client
	ctx  context.Context
	echo testpb.TestServiceClient
	conn *grpc.ClientConn
}

func (r *running) dialGRPC() *grpcClient {
	r.t.Helper()
	c := &grpcClient{http2Client: &http2Client{t: r.t}}
	addr := r.await(Listening).GRPCAddr
	wires := make(chan *wire, 1)
	var err error
	c.conn, err = grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry(),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			if err != nil {
				return nil, err
			}
			w := &wire{Conn: conn, changed: make(chan struct{})}
			select {
			case wires <- w:
				return w, nil
			default:
				_ = conn.Close()
				return nil, errors.New("one connection only")
			}
		}))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.conn.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	c.ctx = ctx
	c.echo = testpb.NewTestServiceClient(c.conn)
	c.conn.Connect()
	c.wire = <-wires
	wires <- nil // a second dial finds it full
	c.awaitFrame("its settings acknowledged", func(f frame) bool { return f.kind == settingsFrame && f.flags == 1 })
	return c
}

func (c *grpcClient) wantCode(want codes.Code) {
	c.t.Helper()
	if _, err := c.echo.UnaryCall(c.ctx, &testpb.SimpleRequest{}); status.Code(err) != want {
		c.t.Errorf("got %v, want %s", err, want)
	}
}

// wait makes a call that is answered after so long. It is under way when wait returns.
func (c *grpcClient) wait(r *running, d time.Duration) <-chan error {
	c.t.Helper()
	stream, err := c.echo.StreamingOutputCall(c.ctx, &testpb.StreamingOutputCallRequest{
		ResponseParameters: []*testpb.ResponseParameters{{Size: 1, IntervalUs: int32(d.Microseconds())}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	r.awaitThat(RequestStart, func(e Event) bool { return strings.HasSuffix(e.Request.Path, "/StreamingOutputCall") })
	ends := make(chan error, 1)
	go func() {
		for err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		ends <- err
	}()
	return ends
}

// goneAway tells whether the client was told that its connection ends.
func (c *grpcClient) goneAway() bool {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return slices.ContainsFunc(c.wire.frames(), func(f frame) bool { return f.kind == goAwayType })
}

func (c *grpcClient) awaitEnd() {
	c.t.Helper()
	c.await("the connection's end", func(w *wire) bool { return w.ended })
}

func TestGRPCUnaryIsNamedAndLogged(t *testing.T) {
	r := startGRPC(t, "VICTIM_HANDLER_TIME=5ms")
	c := r.dialGRPC()
	var header metadata.MD
	ctx := metadata.AppendToOutgoingContext(c.ctx, "x-vegeta-attack", "calls", "x-vegeta-seq", "7", "traceparent", parent)
	res, err := c.echo.UnaryCall(ctx, &testpb.SimpleRequest{Payload: &testpb.Payload{Body: []byte("back")}}, grpc.Header(&header))
	if err != nil || string(res.GetPayload().GetBody()) != "back" || !slices.Equal(header.Get("x-pod-name"), []string{"pod-1"}) {
		t.Errorf("got %v from %v, %v", res, header, err)
	}
	begin, end := r.await(RequestStart), r.await(RequestEnd)
	want := Request{
		Stream: "calls", Seq: "7", Traceparent: parent, Path: "/grpc.testing.TestService/UnaryCall",
		Remote: c.wire.LocalAddr().String(), Started: begin.Time,
	}
	if *begin.Request != want || *end.Request != want || end.Status != 200 || end.GRPCStatus != "OK" {
		t.Errorf("got %+v, %+v", begin, end)
	}
}

func TestGRPCStreams(t *testing.T) {
	r := startGRPC(t)
	c := r.dialGRPC()
	const pause = 20 * time.Millisecond
	p := &testpb.ResponseParameters{Size: 3, IntervalUs: int32(pause.Microseconds())}
	began := time.Now()
	out, err := c.echo.StreamingOutputCall(c.ctx, &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{p, p}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if part, err := out.Recv(); err != nil || len(part.GetPayload().GetBody()) != 3 {
			t.Fatal(part, err)
		}
	}
	if _, err := out.Recv(); !errors.Is(err, io.EOF) || time.Since(began) < 2*pause {
		t.Errorf("%v after %s", err, time.Since(began))
	}

	both, err := c.echo.FullDuplexCall(c.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"one", "two"} {
		if err := both.Send(&testpb.StreamingOutputCallRequest{Payload: &testpb.Payload{Body: []byte(word)}}); err != nil {
			t.Fatal(err)
		}
		if part, err := both.Recv(); err != nil || string(part.GetPayload().GetBody()) != word {
			t.Fatal(part, err)
		}
	}
}

func TestGRPCRefuses(t *testing.T) {
	r := startGRPC(t)
	c := r.dialGRPC()
	for _, in := range []*testpb.SimpleRequest{{ResponseSize: -1}, {ResponseSize: maxPart + 1}} {
		if _, err := c.echo.UnaryCall(c.ctx, in); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "from 0 to 4096") {
			t.Errorf("%v: %v", in, err)
		}
	}
	if err := c.conn.Invoke(c.ctx, "/no.Such/Method", &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Error(err)
	}
	r.awaitThat(RequestEnd, func(e Event) bool { return e.Request.Path == "/no.Such/Method" && e.GRPCStatus == "Unimplemented" })
}

func TestGRPCReflection(t *testing.T) {
	r := startGRPC(t)
	c := r.dialGRPC()
	stream, err := reflectionpb.NewServerReflectionClient(c.conn).ServerReflectionInfo(c.ctx)
	if err != nil {
		t.Fatal(err)
	}
	ask := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(ask); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	for _, want := range []string{"grpc.testing.TestService", "grpc.health.v1.Health"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s among %q", want, names)
		}
	}
}

func TestGRPCHealth(t *testing.T) {
	const serving, notServing = healthpb.HealthCheckResponse_SERVING, healthpb.HealthCheckResponse_NOT_SERVING
	for _, tc := range []struct {
		variable      string
		before, after healthpb.HealthCheckResponse_ServingStatus
	}{
		{"VICTIM_SIGTERM_UNREADY=true", serving, notServing},
		{"VICTIM_SIGTERM_UNREADY=false", serving, serving},
		{"VICTIM_NEVER_READY=true", notServing, notServing},
	} {
		r := startGRPC(t, "VICTIM_SIGTERM_DELAY="+never, tc.variable)
		c := r.dialGRPC()
		health := healthpb.NewHealthClient(c.conn)
		want := func(want healthpb.HealthCheckResponse_ServingStatus) {
			t.Helper()
			for _, name := range []string{"", "grpc.testing.TestService"} {
				got, err := health.Check(c.ctx, &healthpb.HealthCheckRequest{Service: name})
				if err != nil || got.GetStatus() != want {
					t.Errorf("%s: %q: %v, %v, want %s", tc.variable, name, got, err, want)
				}
			}
		}
		want(tc.before)
		watch, err := health.Watch(c.ctx, &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := watch.Recv(); err != nil || got.GetStatus() != tc.before {
			t.Errorf("%s: watched %v, %v", tc.variable, got, err)
		}
		r.sigtermDone()
		want(tc.after)
		if tc.before != tc.after {
			if got, err := watch.Recv(); err != nil || got.GetStatus() != tc.after {
				t.Errorf("%s: watched %v, %v", tc.variable, got, err)
			}
		}
		c.wantCode(codes.OK)
	}
}

func TestGRPCDrainAnswersWhatIsInFlight(t *testing.T) {
	r := startGRPC(t)
	c := r.dialGRPC()
	ends := c.wait(r, time.Second)
	r.sigterm()
	if e := r.await(Draining); len(e.InFlight) != 1 {
		t.Errorf("draining with %+v", e.InFlight)
	}
	if conn, err := net.Dial("tcp", r.await(Listening).GRPCAddr); err == nil {
		_ = conn.Close()
		t.Error("a new connection was accepted")
	}
	if err := <-ends; err != nil {
		t.Error(err)
	}
	r.wantCode(0)
	if !c.goneAway() {
		t.Error("not told to go away")
	}
	if in := r.await(Exiting).InFlight; len(in) != 0 {
		t.Errorf("left with %+v", in)
	}
}

func TestGRPCExitCutsWhatIsInFlight(t *testing.T) {
	r := startGRPC(t, "VICTIM_ON_SIGTERM=exit")
	c := r.dialGRPC()
	ends := c.wait(r, 5*time.Minute)
	r.sigterm()
	r.wantCode(2)
	if err := <-ends; status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
	if in := r.await(Exiting).InFlight; len(in) != 1 || in[0].Path != "/grpc.testing.TestService/StreamingOutputCall" {
		t.Errorf("left with %+v", in)
	}
	if c.goneAway() {
		t.Error("told to go away")
	}
	if e := r.log.life(); e[len(e)-1] != Exiting {
		t.Errorf("log: %q", e)
	}
}

func TestGRPCIgnoreGoesOnUntilTheKill(t *testing.T) {
	r := startGRPC(t, "VICTIM_ON_SIGTERM=ignore")
	c := r.dialGRPC()
	c.wantCode(codes.OK)
	r.sigtermDone()
	c.wantCode(codes.OK)
	ends := c.wait(r, 5*time.Minute)
	r.kill()
	if err := <-ends; status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
	r.wantCode(137)
}

func TestGRPCStatus(t *testing.T) {
	for variable, want := range map[string]codes.Code{"VICTIM_STATUS=503": codes.Unavailable, "VICTIM_STATUS=500": codes.Unknown} {
		startGRPC(t, variable).dialGRPC().wantCode(want)
	}
	r := startGRPC(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_SIGTERM_STATUS=503")
	c := r.dialGRPC()
	c.wantCode(codes.OK)
	ends := c.wait(r, time.Second)
	r.sigtermDone()
	c.wantCode(codes.Unavailable)
	if err := <-ends; status.Code(err) != codes.Unavailable {
		t.Errorf("in flight at SIGTERM: got %v", err)
	}
	if _, err := healthpb.NewHealthClient(c.conn).Check(c.ctx, &healthpb.HealthCheckRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("health: %v", err)
	}
	r.awaitThat(RequestEnd, func(e Event) bool { return e.Status == 200 && e.GRPCStatus == "Unavailable" })
}

func TestGRPCStarting(t *testing.T) {
	startGRPC(t, "VICTIM_START_DELAY="+never, "VICTIM_START_MODE=ready").dialGRPC().wantCode(codes.Unavailable)
}

func TestGRPCExitAfterRequests(t *testing.T) {
	r := startGRPC(t, "VICTIM_EXIT_AFTER_REQUESTS=1")
	c := r.dialGRPC()
	c.wantCode(codes.OK)
	c.wantCode(codes.Unavailable)
	r.wantCode(2)
}

func TestGRPCKeepAliveKeep(t *testing.T) {
	r := startGRPC(t, "VICTIM_KEEPALIVE=keep")
	idle, busy := r.dialGRPC(), r.dialGRPC()
	idle.wantCode(codes.OK)
	ends := busy.wait(r, 1500*time.Millisecond)
	r.sigterm()
	r.await(Draining)
	idle.wantCode(codes.OK) // the listener is closed, the connection is not
	if err := <-ends; err != nil {
		t.Error(err)
	}
	r.wantCode(0)
	idle.awaitEnd()
	if idle.goneAway() || busy.goneAway() {
		t.Error("told to go away")
	}
}

func TestGRPCKeepAliveClose(t *testing.T) {
	r := startGRPC(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=close")
	idle, busy, fresh := r.dialGRPC(), r.dialGRPC(), r.dialGRPC()
	idle.wantCode(codes.OK)
	r.await(RequestEnd)
	ends := busy.wait(r, time.Second)
	r.sigterm()
	idle.awaitEnd()
	if idle.goneAway() {
		t.Error("told to go away")
	}
	if err := <-ends; err != nil {
		t.Error(err)
	}
	fresh.wantCode(codes.OK)
}

func TestGRPCKeepAliveCut(t *testing.T) {
	r := startGRPC(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=cut")
	used, fresh := r.dialGRPC(), r.dialGRPC()
	used.wantCode(codes.OK)
	r.await(RequestEnd)
	r.sigtermDone()
	used.wantCode(codes.Unavailable)
	used.awaitEnd()
	fresh.wantCode(codes.OK)
}

func TestGRPCAddressInUse(t *testing.T) {
	first := startGRPC(t)
	r := startGRPC(t, "VICTIM_GRPC_ADDR="+first.await(Listening).GRPCAddr)
	<-r.left
	if r.code != 1 || r.err == nil {
		t.Errorf("left with %d, %v", r.code, r.err)
	}
}
