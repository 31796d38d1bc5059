package sender

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
)

// serveCalls answers calls of gRPC, by their method's path and their message, framed, and ends
// them with the code.
func serveCalls(t *testing.T, code string, answer func(path string, message []byte) []byte) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		message, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", code)
		if _, err := w.Write(answer(r.URL.Path, message)); err != nil {
			t.Error(err)
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// tried has a prober of the stream try the server.
func tried(t *testing.T, server *httptest.Server, stream check.Stream, types *attack.Types) *Tried {
	t.Helper()
	p := NewProber(ProberConfig{
		Streams: []check.Stream{stream}, Types: map[string]*attack.Types{stream.Name: types},
		Now: time.Now, Sink: (&probes{}).take, Fail: func(err error) { t.Error(err) },
	})
	t.Cleanup(p.Close)
	p.set(t, Window{Number: 1, Rate: 10, Try: &ProbedPod{UID: "u", Address: server.Listener.Addr().String()}})
	eventually(t, "the try", func() bool { return p.Status().Tried != nil })
	return p.Status().Tried
}

// Where a check makes calls of gRPC alone, a pod is asked by such a call. One that is
// answered otherwise than the check expects is answered.
func TestAPodIsCalledWhereTheCheckCalls(t *testing.T) {
	// The health service's SERVING, framed as gRPC does.
	serving := []byte{0, 0, 0, 0, 2, 1 << 3, 1}
	health := check.Stream{
		Name: "calls", Kind: check.GRPCCalls, URL: "http://web.invalid", Protocol: check.H2C, Timeout: check.Duration(5 * time.Second),
		GRPC: &check.GRPC{Method: check.DefaultGRPCMethod, ExpectCodes: []check.GRPCCode{"OK"}},
	}
	for name, tt := range map[string]struct {
		code string
		body []byte
		want Tried
	}{
		"as expected":  {"0", serving, Tried{UID: "u"}},
		"its status":   {"14", nil, Tried{UID: "u", Status: true, Problem: "it answered with grpc-status 14 (UNAVAILABLE)"}},
		"its messages": {"0", nil, Tried{UID: "u", Status: true, Problem: "it answered, but 0 messages answer a call that one has to answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveCalls(t, tt.code, func(string, []byte) []byte { return tt.body })
			if got := tried(t, server, health, nil); *got != tt.want {
				t.Errorf("%+v, want %+v", *got, tt.want)
			}
		})
	}
}

// The message of such a call is put together by the types that the server has told.
func TestAPodIsCalledWithTypesThatTheServerTold(t *testing.T) {
	// A field on the wire that holds a text or a message.
	field := func(number byte, parts ...string) string {
		content := strings.Join(parts, "")
		return string([]byte{number<<3 | 2, byte(len(content))}) + content
	}
	framed := func(message string) string { return string([]byte{0, 0, 0, 0, byte(len(message))}) + message }
	// message M { int32 n = 1; } service S { rpc C(M) returns (M); }
	file := field(1, "a.proto") + field(2, "a") +
		field(4, field(1, "M"), field(2, field(1, "n"), "\x18\x01\x20\x01\x28\x05", field(10, "n"))) +
		field(6, field(1, "S"), field(2, field(1, "C"), field(2, ".a.M"), field(3, ".a.M"))) + field(12, "proto3")
	const n3 = "\x08\x03"
	server := serveCalls(t, "0", func(path string, message []byte) []byte {
		switch {
		case path == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":
			return []byte(framed(field(4, field(1, file))))
		case path != "/a.S/C" || string(message) != framed(n3):
			t.Errorf("%s was sent %q", path, message)
		}
		return []byte(framed(n3))
	})
	stream := check.Stream{
		Name: "calls", Kind: check.GRPCCalls, URL: server.URL, Protocol: check.H2C, Timeout: check.Duration(5 * time.Second),
		GRPC: &check.GRPC{Method: "a.S/C", Body: check.NewValue(`{"n": 3}`), ExpectCodes: []check.GRPCCode{"OK"}},
	}
	types, err := attack.Reflect(t.Context(), attack.Config{Stream: stream, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if got := tried(t, server, stream, types); got.Problem != "" {
		t.Errorf("a server that was asked as it told: %s", got.Problem)
	}
}
