package attack

import (
	"net/http"
	"testing"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// An answer of gRPC is judged by its grpc-status, in the trailers or in the header of an
// answer without a body; what is no gRPC over HTTP/2 is not.
func TestGRPCStatus(t *testing.T) {
	type fields map[string]string
	for name, tt := range map[string]struct {
		kind            string
		status          int
		header, trailer fields
		body            string
		want            recording.Class
		error           string
		grpc            bool
	}{
		"a call that succeeds":     {"application/grpc", 200, nil, fields{"Grpc-Status": "0"}, "data", "", "", true},
		"one that is unavailable":  {"application/grpc", 200, nil, fields{"Grpc-Status": "14", "Grpc-Message": "secret"}, "data", recording.ClassGRPCStatus, "grpc-status 14 (UNAVAILABLE)", true},
		"in trailers alone":        {"application/grpc+proto", 200, fields{"Grpc-Status": "12"}, nil, "", recording.ClassGRPCStatus, "grpc-status 12 (UNIMPLEMENTED)", true},
		"success in the header":    {"application/grpc", 200, fields{"Grpc-Status": "0"}, nil, "", "", "", true},
		"a code of one's own":      {"application/grpc", 200, nil, fields{"Grpc-Status": "99"}, "data", recording.ClassGRPCStatus, "grpc-status 99", true},
		"no number":                {"application/grpc", 200, nil, fields{"Grpc-Status": "-1"}, "data", recording.ClassGRPCStatus, "grpc-status is no number", true},
		"none is told":             {"application/grpc", 200, nil, nil, "data", "", "", true},
		"its HTTP status first":    {"application/grpc", 503, nil, fields{"Grpc-Status": "14"}, "data", recording.ClassStatus, "503 Service Unavailable", true},
		"a field of somebody else": {"text/plain", 200, nil, fields{"Grpc-Status": "14"}, "data", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				for field, value := range tt.header {
					w.Header().Set(field, value)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
				for field, value := range tt.trailer {
					w.Header().Set(http.TrailerPrefix+field, value)
				}
			})
			server := serve(t, false, func(v *visit) {
				new(http2.Server).ServeConn(v.Conn, &http2.ServeConnOpts{Handler: handler})
			})
			sink := &samples{}
			s := streamWith(t, server, sink, check.Target{}, over(false, check.Reused, 1))
			end := runFor(t, s, sink, 3)
			for _, got := range sink.all {
				if got.Class != tt.want || got.Outcome == recording.OK != (tt.want == "") || tt.error != "" && got.Error != tt.error {
					t.Errorf("%s %s %q, want %s %q", got.Outcome, got.Class, got.Error, tt.want, tt.error)
				}
			}
			if end.GRPC != tt.grpc {
				t.Errorf("the stream's answers are gRPC's: %t, want %t", end.GRPC, tt.grpc)
			}
		})
	}
}

// Over HTTP/1.1 there is no gRPC, whatever an answer calls itself.
func TestNoGRPCOverHTTP1(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		for v.request() {
			v.say("HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nGrpc-Status: 14\r\nContent-Length: 0\r\n\r\n")
		}
	})
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) { s.Connections = check.New })
	if end := runFor(t, s, sink, 3); end.GRPC {
		t.Error("it is taken for gRPC")
	}
	fine(t, sink.all)
}
