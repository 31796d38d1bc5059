package attack

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	alphapb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// interop is gRPC's own service for tests. It answers with as many bytes as are asked for.
type interop struct {
	testpb.UnimplementedTestServiceServer
}

func (interop) UnaryCall(_ context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{Payload: &testpb.Payload{Body: make([]byte, in.GetResponseSize())}}, nil
}

func (interop) StreamingOutputCall(in *testpb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	for range in.GetResponseParameters() {
		if err := out.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return nil
}

// with registers it, the health service, and what else is given.
func with(others ...func(*grpc.Server)) func(*grpc.Server) {
	return func(s *grpc.Server) {
		testpb.RegisterTestServiceServer(s, interop{})
		healthpb.RegisterHealthServer(s, health.NewServer())
		for _, register := range others {
			register(s)
		}
	}
}

func v1(s *grpc.Server) { reflection.RegisterV1(s) }

func v1alpha(s *grpc.Server) {
	alphapb.RegisterServerReflectionServer(s, reflection.NewServer(reflection.ServerOptions{Services: s}))
}

// singly answers each question with one file, as some servers do, and with none where the
// file is not its own.
type singly struct {
	reflectionpb.UnimplementedServerReflectionServer
	files []protoreflect.FileDescriptor
	// lists are the services that it tells of.
	lists []string
}

func (s singly) ServerReflectionInfo(stream reflectionpb.ServerReflection_ServerReflectionInfoServer) error {
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(s.answer(in)); err != nil {
			return err
		}
	}
}

func (s singly) answer(in *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
	if in.GetListServices() != "" {
		list := &reflectionpb.ListServiceResponse{}
		for _, name := range s.lists {
			list.Service = append(list.Service, &reflectionpb.ServiceResponse{Name: name})
		}
		return &reflectionpb.ServerReflectionResponse{MessageResponse: &reflectionpb.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}}
	}
	for _, file := range s.files {
		_, name, _ := strings.Cut(in.GetFileContainingSymbol(), ".")
		if file.Path() == in.GetFileByFilename() || name != "" && file.Services().ByName(protoreflect.Name(name)) != nil {
			data, err := proto.Marshal(protodesc.ToFileDescriptorProto(file))
			if err != nil {
				panic(err)
			}
			return &reflectionpb.ServerReflectionResponse{MessageResponse: &reflectionpb.ServerReflectionResponse_FileDescriptorResponse{
				FileDescriptorResponse: &reflectionpb.FileDescriptorResponse{FileDescriptorProto: [][]byte{data}},
			}}
		}
	}
	return &reflectionpb.ServerReflectionResponse{MessageResponse: &reflectionpb.ServerReflectionResponse_ErrorResponse{
		ErrorResponse: &reflectionpb.ErrorResponse{ErrorCode: int32(codes.NotFound), ErrorMessage: "no"},
	}}
}

func (s singly) register(server *grpc.Server) {
	reflectionpb.RegisterServerReflectionServer(server, s)
}

// shopFiles are shop.proto and what it imports of its own, in that order.
func shopFiles(t *testing.T) []protoreflect.FileDescriptor {
	t.Helper()
	sources := map[string]string{"shop.proto": shopProto, "item.proto": "syntax = \"proto3\"; package shop; message Item { string name = 1; }"}
	files, err := compile([]string{"shop.proto", "item.proto"}, "files", func(name string) (io.ReadCloser, error) {
		if text, ok := sources[name]; ok {
			return io.NopCloser(strings.NewReader(text)), nil
		}
		return nil, fs.ErrNotExist
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// reflecting is a stream of calls to url, as Reflect takes it.
func reflecting(url, method, body string) Config {
	c := check.Check{Streams: []check.Stream{{
		Name: "calls", Kind: check.GRPCCalls, Rate: 100, Connections: check.Reused, URL: url, Timeout: check.Duration(testTimeout),
		GRPC: &check.GRPC{Method: method, Body: check.NewValue(body)},
	}}}.WithDefaults()
	return Config{Stream: c.Streams[0], Now: time.Now}
}

const unaryCall = "grpc.testing.TestService/UnaryCall"

// What a server tells of itself is enough to encode what it is asked, and what it does not
// have is told before any of that is sent.
func TestReflection(t *testing.T) {
	shop := shopFiles(t)
	for name, tt := range map[string]struct {
		register     func(*grpc.Server)
		method, body string
		want         string
		unary        bool
		// untold tells that the server told nothing, and that nothing was needed.
		untold bool
		// field is the one that is wrong; empty where it is the server that does not answer.
		field, problem string
	}{
		"v1":                        {register: with(v1), method: unaryCall, body: `{"responseSize": 3}`, want: "\x10\x03", unary: true},
		"v1alpha":                   {register: with(v1alpha), method: unaryCall, body: `{"responseSize": 3}`, want: "\x10\x03", unary: true},
		"a stream answers":          {register: with(v1), method: "grpc.testing.TestService/StreamingOutputCall", body: "{}"},
		"file by file":              {register: singly{files: shop}.register, method: "shop.Orders/Get", body: `{"within": "1s", "item": {"name": "b"}}`, want: "\x1a\x02\x08\x01\x22\x03\x0a\x01b", unary: true},
		"an import is not told":     {register: singly{files: shop[:1]}.register, method: "shop.Orders/Get", body: `{"id": "7"}`, field: "grpc.body", problem: "it does not tell item.proto, which is imported; want descriptors or protos"},
		"no need of the import":     {register: singly{files: shop[:1]}.register, method: "shop.Orders/Get", untold: true},
		"no reflection":             {register: with(), method: unaryCall, body: `{"responseSize": 3}`, field: "grpc.body", problem: "it has no server reflection; want descriptors or protos, or a server with reflection"},
		"no need of it":             {register: with(), method: unaryCall, untold: true},
		"no such service, no need":  {register: with(v1), method: "grpc.testing.TestServices/UnaryCall", untold: true},
		"no such service":           {register: with(v1), method: "grpc.testing.TestServices/UnaryCall", body: `{"responseSize": 3}`, field: "grpc.method", problem: "has no service grpc.testing.TestServices; want one that it has, such as grpc.testing.TestService, grpc.health.v1.Health, or descriptors or protos if it has the service all the same"},
		"a service in another case": {register: with(v1), method: "testservice/UnaryCall", body: `{"responseSize": 3}`, field: "grpc.method", problem: "such as grpc.testing.TestService, "},
		"listed and not told":       {register: singly{lists: []string{"shop.Orders"}}.register, method: "shop.Orders/Get", untold: true},
		"listed, and types needed":  {register: singly{lists: []string{"shop.Orders"}}.register, method: "shop.Orders/Get", body: `{"id": "7"}`, field: "grpc.body", problem: "its server reflection says grpc-status 5 (NOT_FOUND) of shop.Orders; want descriptors or protos"},
		"names that are no names": {
			register: singly{lists: []string{"a.\x1b[31mB", "a." + strings.Repeat("x", 300)}}.register, method: "shop.Orders/Get", body: `{"id": "7"}`,
			field: "grpc.method", problem: "such as a.\ufffd[31mB, a." + strings.Repeat("x", 197) + "…, or ",
		},
		"no such method": {register: with(v1), method: "grpc.testing.TestService/UnaryCal", field: "grpc.method", problem: "the types have no method grpc.testing.TestService/UnaryCal; want one of them, such as grpc.testing.TestService/UnaryCall, grpc.testing.TestService/"},
		"a stream asks":  {register: with(v1), method: "grpc.testing.TestService/StreamingInputCall", field: "grpc.method", problem: "takes a stream of messages; want a method that one message asks"},
		"no such field":  {register: with(v1), method: unaryCall, body: `{"size": 3}`, field: "grpc.body", problem: `it is no grpc.testing.SimpleRequest ((line 1:2): unknown field "size"); want that message`},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := serveServices(t, tt.register)
			cfg := reflecting(url, tt.method, tt.body)
			types, err := Reflect(t.Context(), cfg)
			if tt.problem != "" {
				wantRefused(t, err, tt.field, tt.problem)
				return
			}
			if err != nil || (types == nil) != tt.untold {
				t.Fatalf("types %v, %v", types, err)
			}
			got, unary, err := encodeCall(cfg.Stream.GRPC, types, cfg.readFile)
			if err != nil || string(got) != tt.want || unary != tt.unary {
				t.Errorf("%q, unary %t, %v; want %q, %t", got, unary, err, tt.want, tt.unary)
			}
		})
	}
}

// wantRefused wants one line that says the problem, of a field unless that is empty.
func wantRefused(t *testing.T, err error, field, problem string) {
	t.Helper()
	wrong, ok := errors.AsType[*check.FieldError](err)
	if err == nil || ok != (field != "") || ok && wrong.Field != field || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v, want %s: %s", err, field, problem)
	}
}

// Calls with types that their server has told are answered.
func TestCallsByReflection(t *testing.T) {
	for method, tt := range map[string]struct {
		body  string
		bytes int64
	}{
		unaryCall: {`{"responseSize": 3}`, 5 + 7},
		"grpc.testing.TestService/StreamingOutputCall": {`{"responseParameters": [{}, {}]}`, 2 * 5},
	} {
		_, url := serveServices(t, with(v1))
		cfg, sink := reflecting(url, method, tt.body), &samples{}
		cfg.Sink = sink.take
		var err error
		if cfg.Types, err = Reflect(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, s, sink, 3)
		for _, got := range sink.all {
			if got.Outcome != recording.OK || got.BytesIn != tt.bytes {
				t.Errorf("%s: %s %s %q, %d bytes", method, got.Outcome, got.Class, got.Error, got.BytesIn)
			}
		}
	}
}

// A server is asked in the way of the stream: over its TLS, with its headers. One that
// takes no part in that has told nothing.
func TestReflectionGoesTheWayOfTheStream(t *testing.T) {
	config, _ := certificate(t)
	config.NextProtos = []string{"h2"}
	guarded := grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		fields, _ := metadata.FromIncomingContext(stream.Context())
		if !slices.Equal(fields["authorization"], []string{"x"}) {
			return status.Error(codes.Unauthenticated, "secret")
		}
		return handler(srv, stream)
	})
	_, url := serveServices(t, with(v1), grpc.Creds(credentials.NewTLS(config)), guarded)
	cfg := reflecting(strings.Replace(url, "http", "https", 1), unaryCall, `{"responseSize": 3}`)
	_, err := Reflect(t.Context(), cfg)
	wantRefused(t, err, "", "certificate")
	cfg.Target.TLS = &check.TLS{InsecureSkipVerify: true}
	_, err = Reflect(t.Context(), cfg)
	wantRefused(t, err, "grpc.body", "its server reflection answers with grpc-status 16 (UNAUTHENTICATED); want headers that it takes, or descriptors or protos")
	cfg.Target.Headers = []check.Header{{Name: "Authorization", Value: "x"}}
	if types, err := Reflect(t.Context(), cfg); err != nil || types == nil {
		t.Errorf("%v, %v", types, err)
	}
}

// What does not answer, or not as gRPC does, is told where the types are needed, and left
// to the calls themselves where they are not.
func TestReflectionOfWhatIsNoServerOfGRPC(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // which accepts nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	plain := func(code int) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
		t.Cleanup(s.Close)
		return s
	}
	http1 := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(http1.Close)
	noALPN := httptest.NewUnstartedServer(http.NotFoundHandler())
	noALPN.Config.ErrorLog = log.New(io.Discard, "", 0)
	noALPN.StartTLS()
	t.Cleanup(noALPN.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	unavailable := func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error {
		return status.Error(codes.Unavailable, "x")
	}
	_, ending := serveServices(t, with(v1), grpc.StreamInterceptor(unavailable))
	for name, tt := range map[string]struct{ url, field, problem string }{
		"nobody":         {gone.URL, "", "connection refused; want a server that answers, or descriptors or protos"},
		"silent":         {"http://" + listener.Addr().String(), "", "no answer within 100ms"},
		"HTTP/1.1":       {http1.URL, "", "was asked for the types of " + unaryCall + " (server reflection): "},
		"TLS without h2": {noALPN.URL, "", "no application protocol"},
		"no such page":   {plain(404).URL, "grpc.body", "it has no server reflection"},
		"a page":         {plain(200).URL, "", `the answer is none of gRPC (200 OK, content type "")`},
		"unavailable":    {ending, "", "grpc-status 14 (UNAVAILABLE)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, body := range []string{`{"responseSize": 3}`, "{}"} {
				cfg := reflecting(tt.url, unaryCall, body)
				cfg.Target.TLS = &check.TLS{InsecureSkipVerify: true}
				within := testTimeout
				if name == "silent" {
					within = 100 * time.Millisecond
				}
				types, err := cfg.reflectWithin(t.Context(), within)
				if !cfg.Stream.GRPC.Empty() {
					wantRefused(t, err, tt.field, tt.problem)
				} else if types != nil || err != nil {
					t.Errorf("of an empty message: %v, %v", types, err)
				}
			}
		})
	}
}

// answering answers so many calls with an error, and passes those after them on, each after
// a delay.
func answering(failing int32, code codes.Code, delay time.Duration) grpc.ServerOption {
	var calls atomic.Int32
	return grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if calls.Add(1) <= failing {
			return status.Error(code, "x")
		}
		time.Sleep(delay)
		return handler(srv, stream)
	})
}

// A server that is out of order for a moment is asked again, and one that takes its time for
// each file gets more of it than a request of the stream.
func TestReflectionHasPatience(t *testing.T) {
	t.Parallel()
	const body = `{"within": "1s", "item": {"name": "b"}}`
	for name, option := range map[string]grpc.ServerOption{
		"unavailable at first":    answering(2, codes.Unavailable, 0),
		"longer than the timeout": answering(0, codes.OK, 100*time.Millisecond),
	} {
		_, url := serveServices(t, singly{files: shopFiles(t)}.register, option)
		cfg := reflecting(url, "shop.Orders/Get", body)
		cfg.Stream.Timeout = check.Duration(50 * time.Millisecond)
		if types, err := Reflect(t.Context(), cfg); err != nil || types == nil {
			t.Errorf("%s: %v, %v", name, types, err)
		}
	}
}

// Behind a proxy that leads each call to another server one of them may have no reflection:
// that is told of the server where the types are needed, and does no harm where they are not.
func TestReflectionOfServersThatDiffer(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{`{"id": "7"}`: "grpc.body", "": ""} {
		var calls atomic.Int32
		second := grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if calls.Add(1) > 1 {
				return status.Error(codes.Unimplemented, "x")
			}
			return handler(srv, stream)
		})
		_, url := serveServices(t, singly{files: shopFiles(t)}.register, second)
		types, err := Reflect(t.Context(), reflecting(url, "shop.Orders/Get", body))
		if field != "" {
			wantRefused(t, err, field, url+" does not tell them: it has no server reflection; want descriptors or protos, or a server with reflection")
		} else if types != nil || err != nil {
			t.Errorf("of an empty message: %v, %v", types, err)
		}
	}
}

// A question that is broken off is no answer.
func TestReflectionIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, url := serveServices(t, with(v1))
	if _, err := Reflect(ctx, reflecting(url, unaryCall, "{}")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want what ended it", err)
	}
}

// bulky tells more than anybody needs.
type bulky struct {
	reflectionpb.UnimplementedServerReflectionServer
}

func (bulky) ServerReflectionInfo(stream reflectionpb.ServerReflection_ServerReflectionInfoServer) error {
	return stream.Send(&reflectionpb.ServerReflectionResponse{ValidHost: strings.Repeat("x", mostTypes)})
}

func TestReflectionIsBounded(t *testing.T) {
	_, url := serveServices(t, func(s *grpc.Server) { reflectionpb.RegisterServerReflectionServer(s, bulky{}) })
	_, err := Reflect(t.Context(), reflecting(url, unaryCall, `{"responseSize": 3}`))
	wantRefused(t, err, "grpc.body", "it tells more than 16 MiB; want descriptors or protos")
}

// What is cut anywhere is not taken for less.
func TestDamagedAnswersOfReflection(t *testing.T) {
	whole, err := proto.Marshal(&reflectionpb.ServerReflectionResponse{
		ValidHost: "h",
		MessageResponse: &reflectionpb.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: &reflectionpb.ListServiceResponse{
			Service: []*reflectionpb.ServiceResponse{{Name: "a"}, {Name: "b"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := parseReflected(whole); err != nil || !slices.Equal(answer.services, []string{"a", "b"}) {
		t.Fatalf("%v, %v", answer, err)
	}
	const host = 3 // bytes of its own
	for n := 1; n < len(whole); n++ {
		if _, err := parseReflected(whole[:n]); (err == nil) != (n == host) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}
