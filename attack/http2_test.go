package attack

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// http2Visit is a connection of HTTP/2, frame by frame.
type http2Visit struct {
	*visit
	*http2.Framer
	header bytes.Buffer
	encode *hpack.Encoder
}

// serveHTTP2 runs handle for each request, whose stream it is given. It returns
// when handle says so or the client has gone; the connection is then closed.
func serveHTTP2(t *testing.T, secured bool, handle func(v *http2Visit, stream uint32) (more bool)) *faultServer {
	t.Helper()
	return serve(t, secured, func(v *visit) {
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(v.reader, preface); err != nil || string(preface) != http2.ClientPreface {
			return
		}
		h := &http2Visit{visit: v, Framer: http2.NewFramer(v.Conn, v.reader)}
		h.encode = hpack.NewEncoder(&h.header)
		h.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		_ = h.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
		for {
			frame, err := h.ReadFrame()
			if err != nil {
				return
			}
			ended := false
			switch frame := frame.(type) {
			case *http2.SettingsFrame:
				if !frame.IsAck() {
					_ = h.WriteSettingsAck()
				}
			case *http2.MetaHeadersFrame:
				ended = frame.StreamEnded()
			case *http2.DataFrame:
				ended = frame.StreamEnded()
			}
			if ended {
				v.server.requests.Add(1)
				if !handle(h, frame.Header().StreamID) {
					return
				}
			}
		}
	})
}

func (h *http2Visit) head(stream uint32, status string, end bool) {
	h.header.Reset()
	_ = h.encode.WriteField(hpack.HeaderField{Name: ":status", Value: status})
	_ = h.encode.WriteField(hpack.HeaderField{Name: "x-pod", Value: "pod-a"})
	_ = h.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: h.header.Bytes(), EndHeaders: true, EndStream: end})
}

func (h *http2Visit) answerOK(stream uint32) {
	h.head(stream, "200", false)
	_ = h.WriteData(stream, true, []byte("ok"))
}

// over gives the change of a stream that speaks HTTP/2.
func over(secured bool, policy check.Connections, pool int) func(*check.Stream) {
	return func(s *check.Stream) {
		s.Protocol, s.Connections, s.Pool = check.H2C, policy, pool
		if secured {
			s.Protocol = check.HTTP2
		}
	}
}

func TestHTTP2(t *testing.T) {
	for _, secured := range []bool{false, true} {
		for _, policy := range []check.Connections{check.New, check.Reused} {
			t.Run(overTLS(secured)+"/"+string(policy), func(t *testing.T) {
				var most, now atomic.Int64
				server := serve(t, secured, func(v *visit) {
					if secured && !handshakeOnly(v) {
						return
					}
					new(http2.Server).ServeConn(v.Conn, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						v.server.requests.Add(1)
						for n := now.Add(1); n > most.Load(); {
							most.Store(n)
						}
						defer now.Add(-1)
						body, _ := io.ReadAll(r.Body)
						time.Sleep(160 * time.Millisecond)
						w.Header().Set("X-Pod", "pod-a")
						_, _ = w.Write(body)
					})})
				})
				sink := &samples{}
				s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
					over(secured, policy, 2)(s)
					// A machine that is busy falls behind with 100 handshakes a second, and the
					// server gives a connection up that says nothing for two seconds.
					s.Rate = 25
					s.Method, s.Body = "POST", &check.Body{Text: check.NewValue("hello")}
				})
				runFor(t, s, sink, 60)
				fine(t, sink.all)
				for i := range sink.all {
					if got := &sink.all[i]; got.BytesOut != 5 || got.BytesIn != 5 || got.Pod != "pod-a" || got.Written == recording.NotReached ||
						(policy == check.New) != (got.Served == 0 && got.Conn > 2) && got.Conn > 2 {
						t.Errorf("%+v", got)
					}
				}
				if n := server.accepted.Load(); (policy == check.Reused) != (n == 2) {
					t.Errorf("%d connections", n)
				}
				if most.Load() < 3 {
					t.Errorf("at most %d requests at once", most.Load())
				}
				if n := server.requests.Load(); n != int64(len(sink.all)) {
					t.Errorf("the server saw %d requests of %d", n, len(sink.all))
				}
			})
		}
	}
}

func TestHTTP2Faults(t *testing.T) {
	for _, tt := range []struct {
		name     string
		do       func(v *http2Visit, stream uint32) bool
		silent   bool
		want     want
		maskable bool // on the first request too
		// lost is a connection whose end the kernel may tell as a reset.
		lost bool
	}{
		{
			"GOAWAY before it", func(v *http2Visit, _ uint32) bool {
				_ = v.WriteGoAway(0, http2.ErrCodeNo, nil)
				v.linger()
				return false
			}, false,
			want{recording.PhaseFirstByte, recording.ClassGoAway, 0, 0},
			true, false,
		},
		{
			"GOAWAY behind it, then FIN", func(v *http2Visit, stream uint32) bool {
				_ = v.WriteGoAway(stream, http2.ErrCodeNo, nil)
				return false
			}, false,
			want{recording.PhaseFirstByte, recording.ClassGoAway, 0, 0},
			false, true,
		},
		{
			"refused", func(v *http2Visit, stream uint32) bool {
				return v.WriteRSTStream(stream, http2.ErrCodeRefusedStream) == nil
			}, false,
			want{recording.PhaseFirstByte, recording.ClassRefusedStream, 0, 0},
			true, false,
		},
		{
			"reset", func(v *http2Visit, stream uint32) bool {
				return v.WriteRSTStream(stream, http2.ErrCodeInternal) == nil
			}, false,
			want{recording.PhaseFirstByte, recording.ClassStreamReset, 0, 0},
			false, false,
		},
		{
			"FIN", func(*http2Visit, uint32) bool { return false }, false,
			want{recording.PhaseFirstByte, recording.ClassEOF, 0, 0},
			false, true,
		},
		{
			"RST", func(v *http2Visit, _ uint32) bool { v.reset(); return false }, false,
			want{recording.PhaseFirstByte, recording.ClassEOF, 0, 0},
			false, true,
		},
		{
			"silence", func(*http2Visit, uint32) bool { return true }, true,
			want{recording.PhaseFirstByte, recording.ClassTimeout, 0, 0},
			false, false,
		},
		{
			"unavailable", func(v *http2Visit, stream uint32) bool { v.head(stream, "503", true); return true }, false,
			want{recording.PhaseDone, recording.ClassStatus, 503, 0},
			false, false,
		},
		{
			"half a body, then RST_STREAM", func(v *http2Visit, stream uint32) bool {
				v.head(stream, "200", false)
				_ = v.WriteData(stream, false, []byte("half"))
				return v.WriteRSTStream(stream, http2.ErrCodeInternal) == nil
			}, false,
			want{recording.PhaseBody, recording.ClassStreamReset, 200, 4},
			false, false,
		},
		{
			"half a body, then FIN", func(v *http2Visit, stream uint32) bool {
				v.head(stream, "200", false)
				_ = v.WriteData(stream, false, []byte("half"))
				return false
			}, false,
			want{recording.PhaseBody, recording.ClassBodyCut, 200, 4},
			false, true,
		},
		{
			"half a body, then silence", func(v *http2Visit, stream uint32) bool {
				v.head(stream, "200", false)
				_ = v.WriteData(stream, false, []byte("half"))
				return true
			}, true,
			want{recording.PhaseBody, recording.ClassTimeout, 200, 4},
			false, false,
		},
	} {
		for _, secured := range []bool{false, true} {
			for _, policy := range []check.Connections{check.New, check.Reused} {
				t.Run(strings.Join([]string{tt.name, overTLS(secured), string(policy)}, "/"), func(t *testing.T) {
					t.Parallel()
					// The first request on each connection that is kept is answered.
					var mu sync.Mutex
					served := map[int64]bool{}
					server := serveHTTP2(t, secured, func(v *http2Visit, stream uint32) bool {
						mu.Lock()
						first := !served[v.n]
						served[v.n] = true
						mu.Unlock()
						if first && policy == check.Reused {
							v.answerOK(stream)
							return true
						}
						return tt.do(v, stream)
					})
					sink := &samples{}
					s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
						over(secured, policy, 1)(s)
						if tt.silent {
							s.Timeout = check.Duration(time.Second) // long enough for a handshake on a busy machine
						}
					})
					all := send(t, s, sink, 2)
					s.sender.carrier.close()
					if policy == check.Reused {
						fine(t, all[:1])
						all = all[1:]
					}
					for i := range all {
						got := &all[i]
						if got.Class == recording.ClassReset && tt.lost {
							got.Class = tt.want.class
						}
						if (want{got.Phase, got.Class, got.Status, got.BytesIn}) != tt.want {
							t.Errorf("%+v", got)
						}
						kept := !got.Fresh() && tt.want.phase == recording.PhaseFirstByte && tt.want.class != recording.ClassTimeout
						if got.Maskable != (tt.maskable || kept) {
							t.Errorf("maskable: %+v", got)
						}
						if !got.Fresh() && got.ConnPod != "pod-a" {
							t.Errorf("on a connection of %q", got.ConnPod)
						}
					}
					if n := server.requests.Load(); n != written(sink.all) {
						t.Errorf("the server saw %d requests, %d were written", n, written(sink.all))
					}
				})
			}
		}
	}
}

// After a GOAWAY requests go out on another connection, and those under way are
// answered.
func TestHTTP2DrainsWithoutALoss(t *testing.T) {
	server := serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
		if stream == 9 { // the fifth on its connection
			_ = v.WriteGoAway(stream, http2.ErrCodeNo, nil)
		}
		v.answerOK(stream)
		return true
	})
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, over(false, check.Reused, 1))
	fine(t, send(t, s, sink, 20))
	s.sender.carrier.close()
	if n := server.accepted.Load(); n != 4 {
		t.Errorf("%d connections for 20 requests, five on each", n)
	}
}

// A connection behind which nobody is any more takes no requests for longer than
// it takes one to find out.
func TestHTTP2LeavesAnUnresponsiveConnection(t *testing.T) {
	server := serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
		if v.n > 1 || stream == 1 {
			v.answerOK(stream)
		}
		return true
	})
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
		over(false, check.Reused, 1)(s)
		s.Timeout = check.Duration(time.Second)
	})
	got := send(t, s, sink, 3)
	s.sender.carrier.close()
	if got[1].Class != recording.ClassTimeout || got[1].Served != 1 {
		t.Errorf("on the unresponsive connection: %+v", got[1])
	}
	if got[2].Outcome != recording.OK || !got[2].Fresh() || got[2].Conn != 2 {
		t.Errorf("after it: %+v", got[2])
	}
}

// A server may know nothing of ALPN, or refuse what it does not speak.
func TestServiceWithoutHTTP2(t *testing.T) {
	for want, protocols := range map[string][]string{
		"the service does not speak h2: it chose no protocol in the TLS handshake (ALPN)":                                      nil,
		"the service does not speak h2: it refused it in the TLS handshake (ALPN): remote error: tls: no application protocol": {"http/1.1"},
	} {
		for _, calls := range []bool{false, true} {
			server := serve(t, true, func(v *visit) { handshakeOnly(v) })
			server.config.NextProtos = protocols
			sink := &samples{}
			s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
				if over(true, check.New, 0)(s); calls {
					s.Kind, s.Method, s.GRPC = check.GRPCCalls, "POST", &check.GRPC{Method: check.DefaultGRPCMethod}
				}
			})
			got := send(t, s, sink, 1)[0]
			if got.Phase != recording.PhaseTLS || got.Class != recording.ClassTLS || got.Error != want {
				t.Errorf("%+v, want %s", got, want)
			}
		}
	}
}

func TestHTTP2Renew(t *testing.T) {
	server := serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool { v.answerOK(stream); return true })
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, over(false, check.Reused, 2))
	send(t, s, sink, 4)
	s.Renew()
	send(t, s, sink, 4)
	s.sender.carrier.close()
	for i := range sink.all {
		if got, conn := &sink.all[i], uint64(i%2+1+i/4*2); got.Conn != conn || got.Served != uint32(i%4/2) {
			t.Errorf("request %d on connection %d after %d, want %d", i, got.Conn, got.Served, conn)
		}
	}
}

// What goes out before anything was answered on its connection, and fails when another has
// been answered there, names the pod that answered.
func TestHTTP2NamesThePodOfASharedConnection(t *testing.T) {
	answered := make(chan struct{})
	server := serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
		if stream == 1 {
			return true
		}
		v.answerOK(1)
		<-answered
		return false
	})
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, over(false, check.Reused, 1))
	var both sync.WaitGroup
	for seq := range 2 {
		both.Go(func() {
			if sendOne(t, s, seq) == nil {
				close(answered)
			}
		})
	}
	both.Wait()
	s.sender.carrier.close()
	if len(sink.all) != 2 || sink.all[0].ConnPod != "" || sink.all[1].Outcome != recording.Failed || sink.all[1].ConnPod != "pod-a" {
		t.Errorf("%+v", sink.all)
	}
}
