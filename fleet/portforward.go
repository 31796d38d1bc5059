package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	protocol "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// Dialer connects to a sender's port (sender.Port) in a pod.
type Dialer func(ctx context.Context, namespace, pod string) (net.Conn, error)

// errForbidden is a port-forward that the cluster does not allow.
var errForbidden = errors.New("the cluster forbids the port-forward to a sender")

const (
	// dialTimeout bounds a dial, whose context need not have an end of its own: that of
	// net/http has none.
	dialTimeout = 5 * time.Second
	// lastWords is how long a connection that has ended waits for the reason, which
	// comes on a stream of its own just before.
	lastWords = time.Second
)

// NewDialer dials through the API server's port-forward, by WebSocket, or by SPDY where
// that is not to be had: the server is old, a proxy does not let it through, or only
// the verb create is allowed, while a WebSocket, being a GET, takes get.
func NewDialer(config *rest.Config) (Dialer, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare the port-forward: %w", err)
	}
	pods := client.CoreV1().RESTClient()
	return func(ctx context.Context, namespace, pod string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		to := pods.Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
		over, err := overWebSocket(ctx, config, to)
		if httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err) {
			over, err = overSPDY(ctx, config, to)
		}
		switch {
		// What answers an upgrade comes as the words of its status alone.
		case err != nil && strings.Contains(err.Error(), " is forbidden: "):
			return nil, fmt.Errorf("%w: %w; allow to create pods/portforward", errForbidden, err)
		case err != nil:
			return nil, fmt.Errorf("port-forward to pod %s: %w", pod, err)
		}
		conn, err := open(ctx, over)
		if err != nil {
			return nil, fmt.Errorf("port-forward to pod %s: %w", pod, err)
		}
		return conn, nil
	}, nil
}

// overWebSocket does what portforward.NewSPDYOverWebsocketDialer does, within ctx.
func overWebSocket(ctx context.Context, config *rest.Config, to *url.URL) (httpstream.Connection, error) {
	transport, holder, err := websocket.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, err
	}
	conn, err := websocket.Negotiate(transport, holder, request, protocol.WebsocketsSPDYTunnelingPortForwardV1)
	if err != nil {
		return nil, err
	}
	return streamspdy.NewClientConnectionWithPings(portforward.NewTunnelingConnection("sender", conn), portforward.PingPeriod)
}

func overSPDY(ctx context.Context, config *rest.Config, to *url.URL) (httpstream.Connection, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), nil)
	if err != nil {
		return nil, err
	}
	over, _, err := spdy.NegotiateStreaming(upgrader, &http.Client{Transport: transport}, request, protocol.PortForwardV1Name)
	return over, err
}

// forwarded is one connection to a sender: it has one to the API server for itself, so
// that whatever breaks, breaks this one only.
type forwarded struct {
	httpstream.Stream
	over httpstream.Connection
	// ended is closed when the other side's stream of errors has; problem is what came.
	ended   chan struct{}
	problem string
}

// open makes the two streams of a port-forward, that of errors first, as kubectl does.
func open(ctx context.Context, over httpstream.Connection) (_ net.Conn, err error) {
	// The making of streams knows no context.
	stop := context.AfterFunc(ctx, func() { _ = guard.Call("giving up a port-forward", over.Close) })
	defer func() {
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			_ = over.Close()
		}
	}()
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(sender.Port))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	problems, err := over.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = problems.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := over.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	c := &forwarded{Stream: data, over: over, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		err := guard.Call("reading a port-forward's errors", func() error {
			text, err := io.ReadAll(io.LimitReader(problems, 1<<12))
			c.problem = strings.TrimSpace(string(text))
			return err
		})
		if err != nil && c.problem == "" {
			c.problem = err.Error()
		}
	}()
	return c, nil
}

// Read tells with its error why the other side has ended the connection.
func (c *forwarded) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	if err == nil {
		return n, nil
	}
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-c.ended:
		if c.problem != "" {
			err = errors.New(c.problem)
		}
	case <-timer.C:
	}
	return n, err
}

// Close ends the streams and what carries them, and the goroutine that reads them.
func (c *forwarded) Close() error {
	err := c.over.Close()
	<-c.ended
	return err
}

// LocalAddr names the conductor's end.
func (*forwarded) LocalAddr() net.Addr { return address("conductor") }

// RemoteAddr names the sender's end.
func (*forwarded) RemoteAddr() net.Addr { return address("sender") }

// SetDeadline is not to be had of streams: who waits for too long closes the connection.
func (*forwarded) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is as SetDeadline.
func (*forwarded) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is as SetDeadline.
func (*forwarded) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// address names an end of a port-forward.
type address string

// Network says that it is one.
func (address) Network() string { return "port-forward" }

func (a address) String() string { return string(a) }
