package victim

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// maxPart bounds a message, so that the kernel takes it even if a client does not.
const maxPart = 4096

// echo is grpc.testing.TestService of gRPC's own interoperability tests, as far as the
// package comment tells.
type echo struct {
	testpb.UnimplementedTestServiceServer
	s *service
}

// EmptyCall answers nothing after the handler's time.
func (e echo) EmptyCall(ctx context.Context, _ *testpb.Empty) (*testpb.Empty, error) {
	return &testpb.Empty{}, pause(ctx, e.s.cfg.HandlerTime)
}

// UnaryCall answers the payload, or as many bytes as are asked for.
func (e echo) UnaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	body, err := payload(in.GetResponseSize(), in.GetPayload())
	if err != nil {
		return nil, err
	}
	return &testpb.SimpleResponse{Payload: body}, pause(ctx, e.s.cfg.HandlerTime)
}

// StreamingOutputCall answers a message for each of the parameters.
func (e echo) StreamingOutputCall(in *testpb.StreamingOutputCallRequest, out grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	return e.send(out.Context(), in, out.Send)
}

// FullDuplexCall answers each message as StreamingOutputCall does.
func (e echo) FullDuplexCall(both grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	for {
		in, err := both.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if len(in.GetResponseParameters()) == 0 {
			in.ResponseParameters = []*testpb.ResponseParameters{{}}
		}
		if err := e.send(both.Context(), in, both.Send); err != nil {
			return err
		}
	}
}

// send sends a message for each of the parameters, after its interval.
func (e echo) send(ctx context.Context, in *testpb.StreamingOutputCallRequest, send func(*testpb.StreamingOutputCallResponse) error) error {
	for _, p := range in.GetResponseParameters() {
		body, err := payload(p.GetSize(), in.GetPayload())
		if err != nil {
			return err
		}
		wait := time.Duration(p.GetIntervalUs()) * time.Microsecond
		if wait < 0 || wait > maxLong {
			return status.Errorf(codes.InvalidArgument, "intervalUs: want a number of microseconds from 0 to %d (%s)", maxLong.Microseconds(), maxLong)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		if err := e.s.sigtermError(); err != nil {
			return err
		}
		if e.s.requests.hasLeft() {
			return gone(ctx)
		}
		if err := send(&testpb.StreamingOutputCallResponse{Payload: body}); err != nil {
			return err
		}
	}
	return nil
}

// payload is of a size, or for 0 what the client sent.
func payload(size int32, sent *testpb.Payload) (*testpb.Payload, error) {
	if size < 0 || size > maxPart || len(sent.GetBody()) > maxPart {
		return nil, status.Errorf(codes.InvalidArgument, "payload: want a size from 0 to %d bytes", maxPart)
	}
	if size == 0 {
		return sent, nil
	}
	return &testpb.Payload{Body: make([]byte, size)}, nil
}
