package attack

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A probe goes to the pod's own address, and is in all else a request to the URL: its Host,
// the server name of TLS. It bears no traceparent and asks no played balancer, whatever the
// check wants.
func TestAProbeGoesToThePodInTheNameOfTheURL(t *testing.T) {
	for _, secured := range []bool{false, true} {
		var got *http.Request
		pod := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r
			w.Header().Set("X-Pod-Name", "web-1")
		}))
		target := check.Target{PodHeader: "X-Pod-Name", Trace: true, Via: new(check.ParseVia("alb"))}
		url := "http://example.com/ready?full=1"
		if secured {
			pod.StartTLS() // for example.com
			url = "https" + strings.TrimPrefix(url, "http")
			target.TLS = &check.TLS{CAFile: "ca.pem"}
		} else {
			pod.Start()
		}
		defer pod.Close()
		var sunk []recording.Sample
		probe, err := NewProbe(Config{
			Stream: check.Stream{Name: "window/u", URL: url, Method: http.MethodGet, Protocol: check.HTTP1, Rate: 10, Timeout: check.Duration(testTimeout)},
			Target: target, Now: time.Now, Sink: func(s recording.Sample) { sunk = append(sunk, s) },
			ReadFile: func(string) ([]byte, error) {
				return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pod.Certificate().Raw}), nil
			},
		}, pod.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		s := probe.Ask()
		switch {
		case s.Outcome != recording.OK || s.Pod != "web-1" || s.RemoteAddr != pod.Listener.Addr().String() || s.Stream != "window/u":
			t.Errorf("TLS %t: the sample is %+v", secured, s)
		case got.Host != "example.com" || got.URL.RequestURI() != "/ready?full=1" || got.Header.Get("Traceparent") != "" || !got.Close:
			t.Errorf("TLS %t: the request is %+v", secured, got)
		case secured && got.TLS.ServerName != "example.com":
			t.Errorf("the server name is %q", got.TLS.ServerName)
		case len(sunk) != 1 || sunk[0] != s:
			t.Errorf("TLS %t: the sink had %+v", secured, sunk)
		}
	}
}
