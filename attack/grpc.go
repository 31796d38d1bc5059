package attack

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// grpcOutcome tells of an answer over HTTP/2 whose body was read whether it is gRPC's, and
// what its grpc-status says against the call; empty where that is 0 or not there. Its HTTP
// status is 200 whether the call succeeded or not: the outcome stands in the trailers or,
// of an answer without a body, in the header (github.com/grpc/grpc,
// doc/PROTOCOL-HTTP2.md, "Responses"). What grpc-message says is not repeated, as it may
// hold what is nobody's business.
func grpcOutcome(resp *http.Response) (grpc bool, complaint string) {
	const field = "Grpc-Status"
	if !strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "application/grpc") {
		return false, ""
	}
	told := resp.Trailer.Get(field)
	if told == "" {
		told = resp.Header.Get(field)
	}
	code, err := strconv.ParseUint(told, 10, 16)
	switch {
	case told == "" || err == nil && code == 0:
		return true, ""
	case err != nil:
		return true, "grpc-status is no number"
	case code < uint64(len(grpcCodes)):
		return true, fmt.Sprintf("grpc-status %d (%s)", code, grpcCodes[code])
	default:
		return true, fmt.Sprintf("grpc-status %d", code)
	}
}

// grpcCodes are the names of gRPC's codes (github.com/grpc/grpc, doc/statuscodes.md).
var grpcCodes = []string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}
