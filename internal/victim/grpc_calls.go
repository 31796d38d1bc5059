package victim

import (
	"context"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// grpcCall is one call, from when its method is known until its status is with the
// server's writer.
type grpcCall struct {
	req    *Request // nil before
	conn   *grpcConnection
	status string // empty until it is answered
}

type callKey struct{}

// callEnds notes when a call is over: an interceptor returns before its answer is
// written.
type callEnds struct{ g *grpcServer }

// TagConn is a part of stats.Handler, which has nothing to do for connections.
func (callEnds) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is a part of stats.Handler.
func (callEnds) HandleConn(context.Context, stats.ConnStats) {}

// TagRPC gives each call a place for what is to be known at its end.
func (callEnds) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, callKey{}, &grpcCall{})
}

// HandleRPC is told when a call has ended.
func (e callEnds) HandleRPC(ctx context.Context, event stats.RPCStats) {
	call, _ := ctx.Value(callKey{}).(*grpcCall)
	if _, over := event.(*stats.End); !over || call == nil || call.req == nil {
		return
	}
	s := e.g.s
	s.requests.end(call.req)
	e.g.conns.end(call.conn)
	if s.cfg.LogRequests {
		over := Event{Event: RequestEnd, Request: call.req, GRPCStatus: call.status}
		if call.status != "" {
			over.Status = http.StatusOK // of every answer of gRPC
		}
		s.log.write(over)
	}
}

func (g *grpcServer) unary(ctx context.Context, in any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (out any, err error) {
	header := func(md metadata.MD) error { return grpc.SetHeader(ctx, md) }
	err = g.call(ctx, info.FullMethod, header, func() error {
		out, err = handle(ctx, in)
		return err
	})
	return out, err
}

func (g *grpcServer) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return g.call(stream.Context(), info.FullMethod, stream.SetHeader, func() error { return handle(srv, stream) })
}

func unknownMethod(any, grpc.ServerStream) error {
	return status.Error(codes.Unimplemented, "no such method")
}

// call answers one call as the configuration wants it. Like a request's, its answer is
// decided by the state at the time of the answer.
func (g *grpcServer) call(ctx context.Context, method string, setHeader func(metadata.MD) error, handle func() error) error {
	s := g.s
	call, tagged := ctx.Value(callKey{}).(*grpcCall)
	if !tagged {
		return status.Error(codes.Internal, "a call without its place")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	call.req = s.requests.begin(Request{
		Stream: first(md, "x-vegeta-attack"), Seq: first(md, "x-vegeta-seq"), Traceparent: first(md, "traceparent"),
		Path: method, Remote: remote(ctx), Started: time.Now().UTC(),
	})
	if s.cfg.LogRequests {
		s.log.write(Event{Time: call.req.Started, Event: RequestStart, Request: call.req})
	}
	var cut bool
	if call.conn, cut = g.conns.begin(call.req.Remote); cut {
		return gone(ctx)
	}
	if s.cfg.PodName != "" {
		if err := setHeader(metadata.Pairs("x-pod-name", s.cfg.PodName)); err != nil {
			return err
		}
	}
	err := g.work(ctx, method, handle)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !s.requests.write(call.req) {
		return gone(ctx)
	}
	if told := s.sigtermError(); told != nil {
		err = told
	}
	call.status = status.Code(err).String()
	return err
}

// work does what a call asks for. Calls of the echo service are work, all others probes.
func (g *grpcServer) work(ctx context.Context, method string, handle func() error) error {
	s := g.s
	isWork := strings.HasPrefix(method, "/"+testpb.TestService_ServiceDesc.ServiceName+"/")
	if isWork && s.cfg.ExitAfterRequests > 0 && s.requests.countWork() > s.cfg.ExitAfterRequests {
		s.crash()
		return gone(ctx)
	}
	if s.workers != nil {
		select {
		case s.workers <- struct{}{}:
			defer func() { <-s.workers }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !isWork {
		return handle()
	}
	if s.starting.Load() {
		return status.Error(codes.Unavailable, "starting")
	}
	s.allocate()
	if err := handle(); err != nil {
		return err
	}
	return statusError(s.cfg.Status)
}

// sigtermError is what every call is answered with from SIGTERM on; nil for its own
// answer.
func (s *service) sigtermError() error {
	if s.cfg.SigtermStatus == 0 || !s.terminating.Load() {
		return nil
	}
	return statusError(s.cfg.SigtermStatus)
}

// statusError is what gRPC's clients make of an HTTP status (grpc/grpc,
// doc/http-grpc-status-mapping.md); nil for one of success.
func statusError(httpStatus int) error {
	if httpStatus < 300 {
		return nil
	}
	code, known := map[int]codes.Code{
		http.StatusBadRequest:         codes.Internal,
		http.StatusUnauthorized:       codes.Unauthenticated,
		http.StatusForbidden:          codes.PermissionDenied,
		http.StatusNotFound:           codes.Unimplemented,
		http.StatusTooManyRequests:    codes.Unavailable,
		http.StatusBadGateway:         codes.Unavailable,
		http.StatusServiceUnavailable: codes.Unavailable,
		http.StatusGatewayTimeout:     codes.Unavailable,
	}[httpStatus]
	if !known {
		code = codes.Unknown
	}
	return status.Error(code, http.StatusText(httpStatus))
}

func first(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

func remote(ctx context.Context) string {
	if p, known := peer.FromContext(ctx); known {
		return p.Addr.String()
	}
	return ""
}
