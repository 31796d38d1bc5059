package victim

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
)

// grpcServer answers gRPC on a port of its own.
type grpcServer struct {
	s      *service
	server *grpc.Server
	health readiness
	conns  grpcConnections
	// running are the goroutines that stop waits for.
	running sync.WaitGroup
}

func newGRPCServer(s *service) *grpcServer {
	g := &grpcServer{s: s, health: readiness{health.NewServer(), s}}
	g.server = grpc.NewServer(
		grpc.UnaryInterceptor(g.unary), grpc.StreamInterceptor(g.stream),
		grpc.UnknownServiceHandler(unknownMethod), grpc.StatsHandler(callEnds{g}),
		grpc.WaitForHandlers(true),
	)
	testpb.RegisterTestServiceServer(g.server, echo{s: s})
	healthpb.RegisterHealthServer(g.server, g.health)
	reflection.RegisterV1(g.server)
	return g
}

// serve accepts until the listener is closed.
func (g *grpcServer) serve(l net.Listener) {
	g.running.Go(func() { _ = g.server.Serve(grpcListener{l, &g.conns}) })
}

// sigterm changes what clients are told from now on.
func (g *grpcServer) sigterm() {
	g.health.refresh()
	switch g.s.cfg.KeepAlive {
	case Close:
		g.conns.dropIdle()
	case Cut:
		g.conns.cut()
	}
}

// drain returns a channel that is closed once all calls have their answers. Call it
// once, after the listener was closed. GracefulStop sends each client a GOAWAY; without
// it a connection is used until it is cut.
func (g *grpcServer) drain() <-chan struct{} {
	if g.s.cfg.KeepAlive != Announce {
		return g.conns.waitQuiet()
	}
	done := make(chan struct{})
	g.running.Go(func() {
		defer close(done)
		g.server.GracefulStop()
	})
	return done
}

// stop cuts what is left, and says nothing of it.
func (g *grpcServer) stop() {
	g.server.Stop()
	g.running.Wait()
}

// readiness is the health service: it says SERVING where /readyz says 200.
type readiness struct {
	*health.Server
	s *service
}

// refresh tells those that watch, too.
func (h readiness) refresh() {
	status := healthpb.HealthCheckResponse_SERVING
	if h.s.ready() != nil {
		status = healthpb.HealthCheckResponse_NOT_SERVING
	}
	for _, name := range []string{"", testpb.TestService_ServiceDesc.ServiceName} {
		h.SetServingStatus(name, status)
	}
}

// Check tells of the readiness of now.
func (h readiness) Check(ctx context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	h.refresh()
	return h.Server.Check(ctx, in)
}

// Watch begins with the readiness of now.
func (h readiness) Watch(in *healthpb.HealthCheckRequest, out grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	h.refresh()
	return h.Server.Watch(in, out)
}
