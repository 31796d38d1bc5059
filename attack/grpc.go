package attack

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// grpcOutcome tells of an answer over HTTP/2 whose body was read whether it is gRPC's, and
// what its grpc-status says against the call; empty where that is 0 or not there. Its HTTP
// status is 200 whether the call succeeded or not. What grpc-message says is not repeated,
// as it may hold what is nobody's business.
func grpcOutcome(resp *http.Response) (grpc bool, complaint string) {
	if !isGRPC(resp.Header) {
		return false, ""
	}
	if code, told := grpcStatus(resp); told && code != check.GRPCCodes[0] {
		complaint = shownCode(code)
	}
	return true, complaint
}

func isGRPC(header http.Header) bool {
	kind := strings.ToLower(header.Get("Content-Type"))
	rest, ok := strings.CutPrefix(kind, "application/grpc")
	return ok && (rest == "" || strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, ";"))
}

// grpcStatus gives the outcome of a call whose answer was read: it stands in the trailers
// or, of an answer without a body, in the header (github.com/grpc/grpc,
// doc/PROTOCOL-HTTP2.md, "Responses"). One that has no name is its number; one that is no
// number is empty.
func grpcStatus(resp *http.Response) (code check.GRPCCode, told bool) {
	const field = "Grpc-Status"
	text := resp.Trailer.Get(field)
	if text == "" {
		text = resp.Header.Get(field)
	}
	if text == "" {
		return "", false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", true
	}
	return codeOf(n), true
}

// codeOf gives the name of a code, or its number if it has none.
func codeOf(n uint64) check.GRPCCode {
	if n < uint64(len(check.GRPCCodes)) {
		return check.GRPCCodes[n]
	}
	return check.GRPCCode(strconv.FormatUint(n, 10))
}

func shownCode(code check.GRPCCode) string {
	switch n := slices.Index(check.GRPCCodes, code); {
	case code == "":
		return "grpc-status is no number"
	case n < 0:
		return "grpc-status " + string(code)
	default:
		return fmt.Sprintf("grpc-status %d (%s)", n, code)
	}
}
