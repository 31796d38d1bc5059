package attack

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Of an answer whose body is cut it is known how much of it came, when it began and
// when it was cut.
func TestACutBodyHasBytesAndTimes(t *testing.T) {
	const (
		pause = 50 * time.Millisecond
		half  = "half "
	)
	// A service that cuts a while after the client has taken note of the beginning.
	began := map[string]chan struct{}{"HTTP/1.1": make(chan struct{}), "h2c": make(chan struct{})}
	cutLater := func(name string) {
		select {
		case <-began[name]:
			time.Sleep(pause)
		case <-time.After(testTimeout):
			t.Errorf("%s: the client never read on", name)
		}
	}
	servers := map[string]*faultServer{
		"HTTP/1.1": serve(t, false, func(v *visit) {
			v.request()
			v.say("HTTP/1.1 200 OK\r\nX-Pod: pod-a\r\nContent-Length: 10\r\n\r\n" + half)
			cutLater("HTTP/1.1")
		}),
		"h2c": serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
			v.head(stream, "200", false)
			_ = v.WriteData(stream, false, []byte(half))
			cutLater("h2c")
			return false
		}),
	}
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			sink := &samples{}
			s := streamTo(t, server, sink, func(c *check.Stream) {
				if name == "h2c" {
					over(false, check.New, 0)(c)
				}
			})
			dial := serviceOf(s).dial
			serviceOf(s).dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				return &watchedConn{Conn: conn, want: half, readOn: began[name]}, err
			}
			cut := send(t, s, sink, 1)[0]
			if cut.Outcome != recording.Failed || cut.Phase != recording.PhaseBody || cut.Pod != "pod-a" || cut.BytesIn != int64(len(half)) {
				t.Errorf("%+v", cut)
			}
			if cut.FirstByte == recording.NotReached || cut.FirstByte < cut.Written || cut.End-cut.FirstByte < pause {
				t.Errorf("written after %v, begun after %v, cut after %v", cut.Written, cut.FirstByte, cut.End)
			}
		})
	}
}

// watchedConn is a client's connection that tells when it is read on from behind what is
// wanted: by then the client has seen to all of that.
type watchedConn struct {
	net.Conn
	want   string
	readOn chan struct{} // closed then
	told   bool
	read   []byte
}

func (c *watchedConn) Read(p []byte) (int, error) {
	if !c.told && bytes.Contains(c.read, []byte(c.want)) {
		c.told = true
		close(c.readOn)
	}
	n, err := c.Conn.Read(p)
	c.read = append(c.read, p[:n]...)
	return n, err
}
