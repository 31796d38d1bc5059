package attack

import (
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
		half  = 5
	)
	servers := map[string]*faultServer{
		"HTTP/1.1": serve(t, false, func(v *visit) {
			v.request()
			v.say("HTTP/1.1 200 OK\r\nX-Pod: pod-a\r\nContent-Length: 10\r\n\r\nhalf ")
			time.Sleep(pause)
		}),
		"h2c": serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
			v.head(stream, "200", false)
			_ = v.WriteData(stream, false, []byte("half "))
			time.Sleep(pause)
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
			cut := send(t, s, sink, 1)[0]
			if cut.Outcome != recording.Failed || cut.Phase != recording.PhaseBody || cut.Pod != "pod-a" || cut.BytesIn != half {
				t.Errorf("%+v", cut)
			}
			if cut.FirstByte == recording.NotReached || cut.FirstByte < cut.Written || cut.End-cut.FirstByte < pause/2 {
				t.Errorf("written after %v, begun after %v, cut after %v", cut.Written, cut.FirstByte, cut.End)
			}
		})
	}
}
