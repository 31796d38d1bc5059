package sender

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Where a check makes calls of gRPC alone, a pod is asked by such a call.
func TestAPodIsCalledWhereTheCheckCalls(t *testing.T) {
	// The health service's SERVING, framed as gRPC does.
	serving := []byte{0, 0, 0, 0, 2, 1 << 3, 1}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
		if _, err := w.Write(serving); err != nil {
			t.Error(err)
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	p := NewProber(ProberConfig{
		Streams: []check.Stream{{
			Name: "calls", Kind: check.GRPCCalls, URL: "http://web.invalid", Protocol: check.H2C, Timeout: check.Duration(5 * time.Second),
			GRPC: &check.GRPC{Method: check.DefaultGRPCMethod, ExpectCodes: []check.GRPCCode{"OK"}},
		}},
		Now: time.Now, Sink: (&probes{}).take, Fail: func(err error) { t.Error(err) },
	})
	t.Cleanup(p.Close)
	p.set(t, Window{Number: 1, Rate: 10, Try: &ProbedPod{UID: "u", Address: server.Listener.Addr().String()}})
	eventually(t, "the try", func() bool { return p.Status().Tried != nil })
	if tried := p.Status().Tried; tried.Problem != "" {
		t.Errorf("a server that answers calls: %s", tried.Problem)
	}
}
