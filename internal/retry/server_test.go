package retry_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

const half = `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"we`

// abort breaks off the answer: the connection of HTTP/1.1, or the stream of HTTP/2.
func abort() { panic(http.ErrAbortHandler) }

// What a real server and the real client make of an answer that does not come whole
// is taken for passing, and what came of a write for unknown.
func TestBrokenAnswers(t *testing.T) {
	tests := map[string]struct {
		http2  bool
		answer func(w http.ResponseWriter)
	}{
		"no answer":                        {false, func(http.ResponseWriter) { abort() }},
		"no answer over HTTP/2":            {true, func(http.ResponseWriter) { abort() }},
		"cut in the midst":                 {false, func(w http.ResponseWriter) { begin(w); abort() }},
		"stream reset in the midst":        {true, func(w http.ResponseWriter) { begin(w); abort() }},
		"shorter than it says":             {false, func(w http.ResponseWriter) { w.Header().Set("Content-Length", "900"); begin(w) }},
		"cut short and passed on as whole": {false, begin},
		"nothing passed on as whole":       {false, func(w http.ResponseWriter) { w.Header().Set("Content-Type", "application/json") }},
		"connection closed without a word": {false, hangUp},
		"bad gateway in words of a proxy": {false, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = fmt.Fprint(w, "<html>Bad Gateway</html>")
		}},
		"gateway timeout":                   {false, func(w http.ResponseWriter) { w.WriteHeader(http.StatusGatewayTimeout) }},
		"unavailable, with no time to wait": {true, func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }},
		"longer than the client's patience": {false, func(http.ResponseWriter) { time.Sleep(2 * clientTimeout) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { test.answer(w) }))
			server.Config.ErrorLog = nil
			server.EnableHTTP2 = test.http2
			config := &rest.Config{Timeout: clientTimeout}
			if test.http2 {
				server.StartTLS()
				config.Insecure = true
			} else {
				server.Start()
			}
			defer server.Close()
			config.Host = server.URL
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.AppsV1().Deployments("shop").Patch(t.Context(), "web", "application/strategic-merge-patch+json", []byte("{}"), metav1.PatchOptions{})
			if !retry.Unknown(err) || !retry.Passing(err, time.Hour) {
				t.Errorf("%T is not taken for passing: %v", err, err)
			}
		})
	}
}

const clientTimeout = 500 * time.Millisecond

// begin sends the first part of an object.
func begin(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprint(w, half)
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
}

func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
