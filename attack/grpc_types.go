package attack

import (
	"github.com/shutdowncheck/shutdowncheck/check"
)

// encodeCall gives the request message as it is sent, and whether one message answers it.
func encodeCall(call *check.GRPC, _ readFile) (request []byte, unary bool, err error) {
	if !call.Empty() {
		return nil, false, &check.FieldError{Field: "grpc.body", Problem: "fields are not known yet; want {}"}
	}
	return nil, call.Method == check.DefaultGRPCMethod, nil
}
