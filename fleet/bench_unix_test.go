//go:build unix

package fleet

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	protocol "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/shutdowncheck/shutdowncheck/internal/cputime"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// sendersKey has this program be so many senders instead of tests.
const sendersKey = "SHUTDOWNCHECK_BENCH_SENDERS"

func TestMain(m *testing.M) {
	n, err := strconv.Atoi(os.Getenv(sendersKey))
	if err != nil {
		os.Exit(m.Run())
	}
	if err := beSenders(n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// beSenders is a service, n senders and the API server that leads to them, until stdin
// ends. It prints the URLs of the service and of the server.
func beSenders(n int) error {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Pod-Name", "web-1") }))
	routes := http.NewServeMux()
	for i := range n {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go func() { _ = sender.New(sender.Config{Now: time.Now}).Serve(context.Background(), l) }()
		routes.Handle(fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/portforward", namespace, podName(i)), forwarder(l.Addr().String()))
	}
	fmt.Println(web.URL)
	fmt.Println(httptest.NewTLSServer(routes).URL)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// forwarder forwards to an address, by WebSocket as the API server does.
type forwarder string

func (to forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{protocol.WebsocketsSPDYTunnelingPortForwardV1}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	over, err := streamspdy.NewServerConnection(portforward.NewTunnelingConnection("server", conn), func(stream httpstream.Stream, replied <-chan struct{}) error {
		if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
			return nil
		}
		conn, err := new(net.Dialer).DialContext(r.Context(), "tcp", string(to))
		if err != nil {
			return err
		}
		go func() {
			<-replied
			_, _ = io.Copy(stream, conn)
		}()
		go func() {
			_, _ = io.Copy(conn, stream)
			_ = conn.Close()
		}()
		return nil
	})
	if err == nil {
		<-over.CloseChan()
	}
}

// startSenders starts a process that is n senders, and gives the URL of the service and
// the way to them.
func startSenders(b *testing.B, n int) (url string, dial Dialer) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), sendersKey+"="+strconv.Itoa(n)), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	var server string
	if _, err := fmt.Fscanln(out, &url); err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fscanln(out, &server); err != nil {
		b.Fatal(err)
	}
	dial, err = NewDialer(&rest.Config{Host: server, TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
	if err != nil {
		b.Fatal(err)
	}
	return url, dial
}

// counted counts the bytes of all connections.
type counted struct {
	net.Conn
	bytes *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// BenchmarkConductor is what each sender costs its conductor. They and the API server are
// in a process of their own and send little, so that what is counted is asking them how
// far they are, through the port-forward, and keeping their segments. It takes as long as
// they send; wanted is -benchtime 1x.
func BenchmarkConductor(b *testing.B) {
	const lasts = 20 * time.Second
	for _, n := range []int{10, 50, 200} {
		b.Run(fmt.Sprintf("senders=%d", n), func(b *testing.B) {
			for range b.N {
				conduct(b, n, lasts)
			}
		})
	}
}

func conduct(b *testing.B, n int, lasts time.Duration) {
	b.Helper()
	url, dial := startSenders(b, n)
	var pods []k8sruntime.Object
	for i := range n {
		pods = append(pods, pod(i, podLabels(runID)))
	}
	client := fake.NewClientset(pods...)
	cfg, got := config(b, nil, url, n)
	cfg.Act, cfg.Observe = client, client
	for i := range cfg.Assignment.Streams {
		cfg.Assignment.Streams[i].Rate = float64(n)
	}
	var sent atomic.Int64
	cfg.Dial = func(ctx context.Context, namespace, pod string) (net.Conn, error) {
		conn, err := dial(ctx, namespace, pod)
		if err != nil {
			return nil, err
		}
		return counted{conn, &sent}, nil
	}
	var segments, writing int64
	var inSegments atomic.Int64
	write := cfg.Segment
	cfg.Segment = func(s recording.Segment) error {
		began := time.Now()
		err := write(s)
		segments, writing = segments+1, writing+int64(time.Since(began))
		inSegments.Add(int64(len(s.Data)))
		return err
	}
	empty := held()
	began := time.Now()
	f, err := Launch(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer f.release()
	if err := f.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	launched := time.Since(began)
	cpu, bytes := processorTime(b), sent.Load()-inSegments.Load()
	time.Sleep(lasts)
	cpu, bytes = processorTime(b)-cpu, sent.Load()-inSegments.Load()-bytes
	memory := held() - empty
	end, err := f.Stop(b.Context(), false)
	if err != nil || len(got.lost) > 0 {
		b.Fatalf("%v, lost %v", err, got.lost)
	}
	if err := got.writer.Close(recording.Ending{Streams: end.Streams}); err != nil {
		b.Fatal(err)
	}
	var atStart, later time.Duration
	met := map[int]bool{}
	for _, a := range got.of(recording.ClockMeasured) {
		width := time.Duration(a.Clock.To - a.Clock.From)
		if met[a.Sender] {
			later = max(later, width)
		} else {
			atStart = max(atStart, width)
		}
		met[a.Sender] = true
	}
	senders, seconds := float64(n), lasts.Seconds()
	b.ReportMetric(float64(cpu.Microseconds())/senders/seconds, "cpu-µs/sender/s")
	b.ReportMetric(float64(memory)/senders/1024, "KiB/sender")
	b.ReportMetric(float64(bytes)/senders/seconds, "B/sender/s")
	b.ReportMetric(float64(writing)/float64(segments)/1e6, "ms/segment")
	b.ReportMetric(float64(inSegments.Load())/float64(segments), "B/segment")
	b.ReportMetric(launched.Seconds(), "launch-s")
	b.ReportMetric(float64(atStart.Microseconds())/1e3, "start-clock-ms")
	b.ReportMetric(float64(later.Microseconds())/1e3, "clock-ms")
}

// held is the memory of what lives: heap and stacks.
func held() int64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	used, err := cputime.Used()
	if err != nil {
		b.Fatal(err)
	}
	return used
}
