package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	protocol "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/shutdowncheck/shutdowncheck/sender"
)

// apiServer forwards a port as the API server and the kubelet do together.
type apiServer struct {
	// webSocket and spdy tell which of the two it lets pass.
	webSocket, spdy bool
	// problem is what the kubelet says instead of forwarding.
	problem string
	// hangs has it not answer.
	hangs chan struct{}
	used  chan string
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/v1/namespaces/demo/pods/p/portforward" {
		http.NotFound(w, r)
		return
	}
	if a.hangs != nil {
		<-a.hangs
		return
	}
	switch allowed := map[string]bool{http.MethodGet: a.webSocket, http.MethodPost: a.spdy}[r.Method]; {
	case !allowed:
		refusal := apierrors.NewForbidden(corev1.Resource("pods/portforward"), "p", errors.New("no"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		status := refusal.Status()
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		_ = json.NewEncoder(w).Encode(status)
	case r.Method == http.MethodGet:
		upgrader := websocket.Upgrader{Subprotocols: []string{protocol.WebsocketsSPDYTunnelingPortForwardV1}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		over, err := streamspdy.NewServerConnection(portforward.NewTunnelingConnection("server", conn), a.streams())
		if err != nil {
			return
		}
		a.used <- "websocket"
		<-over.CloseChan()
	default:
		if _, err := httpstream.Handshake(r, w, []string{protocol.PortForwardV1Name}); err != nil {
			return
		}
		over := streamspdy.NewResponseUpgrader().UpgradeResponse(w, r, a.streams())
		if over == nil {
			return
		}
		a.used <- "spdy"
		<-over.CloseChan()
	}
}

// streams answers in capital letters, or with the problem.
func (a *apiServer) streams() httpstream.NewStreamHandler {
	var problems httpstream.Stream
	return func(stream httpstream.Stream, replied <-chan struct{}) error {
		if port := stream.Headers().Get(corev1.PortHeader); port != strconv.Itoa(sender.Port) {
			return fmt.Errorf("port %s", port)
		}
		if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
			problems = stream
			return nil
		}
		go func() {
			<-replied
			defer func() { _ = stream.Close() }()
			defer func() { _ = problems.Close() }()
			if a.problem != "" {
				_, _ = io.WriteString(problems, a.problem)
				return
			}
			text := make([]byte, 5)
			if _, err := io.ReadFull(stream, text); err == nil {
				_, _ = io.WriteString(stream, strings.ToUpper(string(text)))
			}
		}()
		return nil
	}
}

func (a *apiServer) dialer(t *testing.T) Dialer {
	t.Helper()
	a.used = make(chan string, 1)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	dial, err := NewDialer(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return dial
}

func TestPortForward(t *testing.T) {
	for name, test := range map[string]struct {
		server apiServer
		used   string
	}{
		"by WebSocket":                      {apiServer{webSocket: true, spdy: true}, "websocket"},
		"by SPDY, where a GET is forbidden": {apiServer{spdy: true}, "spdy"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := test.server.dialer(t)(t.Context(), namespace, "p")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, "hello"); err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(conn)
			if string(text) != "HELLO" || err != nil {
				t.Errorf("got %q, %v", text, err)
			}
			if used := <-test.server.used; used != test.used {
				t.Errorf("it went by %s", used)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPortForwardIsForbidden(t *testing.T) {
	var server apiServer
	_, err := server.dialer(t)(t.Context(), namespace, "p")
	if !errors.Is(err, errForbidden) || !strings.HasSuffix(err.Error(), "allow to create pods/portforward") {
		t.Errorf("got %v", err)
	}
}

// What the kubelet has to say of a connection is told where it ends.
func TestKubeletsProblem(t *testing.T) {
	server := apiServer{webSocket: true, problem: "error forwarding port 7365 to pod p: connection refused"}
	conn, err := server.dialer(t)(t.Context(), namespace, "p")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.ReadAll(conn); err == nil || err.Error() != server.problem {
		t.Errorf("got %v", err)
	}
}

// A reader comes back when the connection is closed under it, as net/http does with one
// that takes too long.
func TestCloseEndsReading(t *testing.T) {
	server := apiServer{webSocket: true}
	conn, err := server.dialer(t)(t.Context(), namespace, "p")
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		read <- err
	}()
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := <-read; err == nil {
		t.Error("it has read something")
	}
}

// An API server that does not answer costs no more than the time that it is given.
func TestDialEnds(t *testing.T) {
	server := apiServer{hangs: make(chan struct{})}
	dial := server.dialer(t)
	t.Cleanup(func() { close(server.hangs) })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := dial(ctx, namespace, "p"); err == nil || time.Since(began) > 3*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}
