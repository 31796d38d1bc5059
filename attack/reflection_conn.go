package attack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// mostTypes bounds what a server may tell, in bytes.
	mostTypes = 16 << 20

	reflectionV1      = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	reflectionV1Alpha = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
)

// reflectionConn asks one server, on a connection of its own.
type reflectionConn struct {
	cfg    *Config
	conn   *http2Conn
	method string
	// left is how many bytes the server may still tell.
	left int64
}

func (cfg *Config) dialReflection(ctx context.Context) (*reflectionConn, error) {
	s, err := newService(*cfg)
	if err != nil {
		return nil, err
	}
	if s.tls != nil {
		s.tls.NextProtos = []string{http2.NextProtoTLS}
	}
	carrier := newHTTP2Carrier(s, s.lookUpAndDial, 0, "", nil)
	conn, err := carrier.connect(ctx, &recording.Sample{Scheduled: cfg.Now()})
	if err != nil {
		return nil, &untoldError{problem: err.Error()}
	}
	return &reflectionConn{cfg: cfg, conn: conn, method: reflectionV1, left: mostTypes}, nil
}

// first asks in the version that the server has.
func (r *reflectionConn) first(ctx context.Context, q question) (*reflected, error) {
	answer, err := r.ask(ctx, q)
	if !errors.Is(err, errNoReflection) {
		return answer, err
	}
	r.method = reflectionV1Alpha
	return r.ask(ctx, q)
}

// errNoReflection may come of any question: a proxy leads each call to another server.
var errNoReflection error = &untoldError{"it has no server reflection", otherTypes + ", or a server with reflection"}

// ask makes a call for each question: the stream of questions that it could be may be led to
// one server, or to several.
func (r *reflectionConn) ask(ctx context.Context, q question) (*reflected, error) {
	m, err := r.cfg.calling(r.method, q.encode())
	if err != nil {
		return nil, err
	}
	req, err := m.newRequest()
	if err != nil {
		return nil, err
	}
	resp, err := r.conn.client.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, &untoldError{problem: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || !isGRPC(resp.Header) {
		return nil, noCall(resp)
	}
	message, err := r.readAnswer(resp.Body)
	if err != nil {
		return nil, err
	}
	switch code, told := grpcStatus(resp); {
	case !told:
		return nil, &untoldError{problem: "the answer ended without its trailers"}
	case code == "UNIMPLEMENTED":
		return nil, errNoReflection
	case code == "UNAUTHENTICATED" || code == "PERMISSION_DENIED":
		return nil, &untoldError{"its server reflection answers with " + shownCode(code), "headers that it takes, or " + otherTypes}
	case code != check.GRPCCodes[0]:
		return nil, &untoldError{problem: shownCode(code)}
	}
	answer, err := parseReflected(message)
	if err != nil {
		return nil, &untoldError{"its answer cannot be read: " + shownMismatch(err), otherTypes}
	}
	return answer, nil
}

// noCall is an answer that is none of gRPC. One of 404 stands for a method that there is not
// (github.com/grpc/grpc, doc/http-grpc-status-mapping.md).
func noCall(resp *http.Response) error {
	if resp.StatusCode == http.StatusNotFound {
		return errNoReflection
	}
	return &untoldError{problem: fmt.Sprintf("the answer is none of gRPC (%s, content type %.80q)", resp.Status, resp.Header.Get("Content-Type"))}
}

// readAnswer reads the one message of an answer, to its end. Where there is none the
// trailers tell why.
func (r *reflectionConn) readAnswer(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, r.left+1))
	r.left -= int64(len(data))
	switch {
	case err != nil:
		return nil, &untoldError{problem: err.Error()}
	case r.left < 0:
		return nil, &untoldError{fmt.Sprintf("it tells more than %d MiB", mostTypes>>20), otherTypes}
	case len(data) == 0:
		return nil, nil
	case len(data) < grpcPrefix || data[0] != 0 || int64(binary.BigEndian.Uint32(data[1:])) != int64(len(data)-grpcPrefix):
		return nil, &untoldError{"its answer is not the one message that was asked for", otherTypes}
	}
	return data[grpcPrefix:], nil
}
