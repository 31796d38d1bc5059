package attack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// brief is the timeout of streams that meet silence: long enough for a handshake on a
// busy machine.
const brief = 500 * time.Millisecond

// want is what a sample shall say of a fault.
type want struct {
	phase  recording.Phase // empty: ok
	class  recording.Class
	status int
	bytes  int64
}

// After each fault, and each odd answer, the server closes the connection, so
// that the next request needs another.
//
// Each fault is met on a fresh connection by a stream that makes new ones, on a
// fresh one by a stream that reuses them, and on a reused one.
func TestFaults(t *testing.T) {
	faults := []struct {
		name   string
		do     func(*visit) // after the request was read
		silent bool
		want   want
	}{
		{
			"FIN after the request", func(*visit) {}, false,
			want{recording.PhaseFirstByte, recording.ClassEOF, 0, 0},
		},
		{
			"RST after the request", (*visit).reset, false,
			want{recording.PhaseFirstByte, recording.ClassReset, 0, 0},
		},
		{
			"silence", (*visit).linger, true,
			want{recording.PhaseFirstByte, recording.ClassTimeout, 0, 0},
		},
		{
			"half a status line", saying("HTTP/1.1 20"), false,
			want{recording.PhaseHeader, recording.ClassEOF, 0, 0},
		},
		{
			"half a header line", saying("HTTP/1.1 200 OK\r\nContent-Le"), false,
			want{recording.PhaseHeader, recording.ClassEOF, 0, 0},
		},
		{
			"header without an end", saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"), false,
			want{recording.PhaseHeader, recording.ClassEOF, 0, 0},
		},
		{
			"RST in the header", sayingThen("HTTP/1.1 200 OK\r\nContent-Le", (*visit).reset), false,
			want{recording.PhaseHeader, recording.ClassReset, 0, 0},
		},
		{
			"silence in the header", sayingThen("HTTP/1.1 200 OK\r\nContent-Le", (*visit).linger), true,
			want{recording.PhaseHeader, recording.ClassTimeout, 0, 0},
		},
		{
			"not HTTP", saying("220 smtp ready\r\n\r\n"), false,
			want{recording.PhaseHeader, recording.ClassMalformed, 0, 0},
		},
		{
			"bad length", saying("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"), false,
			want{recording.PhaseHeader, recording.ClassMalformed, 0, 0},
		},
		{
			"half a body", saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), false,
			want{recording.PhaseBody, recording.ClassBodyCut, 200, 4},
		},
		{
			"no body", saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), false,
			want{recording.PhaseBody, recording.ClassBodyCut, 200, 0},
		},
		{
			"RST in the body", sayingThen("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", (*visit).reset), false,
			want{recording.PhaseBody, recording.ClassReset, 200, 4},
		},
		{
			"silence in the body", sayingThen("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", (*visit).linger), true,
			want{recording.PhaseBody, recording.ClassTimeout, 200, 4},
		},
		{
			"chunk cut", saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhalf"), false,
			want{recording.PhaseBody, recording.ClassBodyCut, 200, 4},
		},
		{
			"last chunk missing", saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), false,
			want{recording.PhaseBody, recording.ClassBodyCut, 200, 2},
		},
		{
			"bad chunk", saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nok\r\n0\r\n\r\n"), false,
			want{recording.PhaseBody, recording.ClassMalformed, 200, 0},
		},
		{
			"unavailable", saying("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy"), false,
			want{recording.PhaseDone, recording.ClassStatus, 503, 4},
		},
		{
			"unavailable and cut", saying("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nbusy"), false,
			want{recording.PhaseBody, recording.ClassBodyCut, 503, 4},
		},
		{
			"another protocol", saying("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), false,
			want{recording.PhaseDone, recording.ClassStatus, 101, 0},
		},
		{
			"1xx, then FIN", saying("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), false,
			want{recording.PhaseHeader, recording.ClassEOF, 0, 0},
		},
		{
			"too many 1xx", saying(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", maxInformational+1)), false,
			want{recording.PhaseHeader, recording.ClassMalformed, 0, 0},
		},

		{
			"1xx, then an answer", saying(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", maxInformational) + "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), false,
			want{"", "", 200, 2},
		},
		{
			"HTTP/1.0", saying("HTTP/1.0 200 OK\r\n\r\nto the end"), false,
			want{"", "", 200, 10},
		},
		{
			"Connection: close", saying("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), false,
			want{"", "", 200, 2},
		},
		{
			"more than was announced", saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more"), false,
			want{"", "", 200, 2},
		},
		{
			"no content", saying("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), false,
			want{"", "", 204, 0},
		},
		{
			"redirect", saying("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nok"), false,
			want{"", "", 302, 2},
		},
	}
	policies := []struct {
		name   string
		change func(*check.Stream)
		good   int // requests answered well before the fault
	}{
		{"new", func(*check.Stream) {}, 0},
		{"reused, fresh", reused(1), 0},
		{"reused", reused(1), 3},
	}
	for _, fault := range faults {
		for _, policy := range policies {
			for _, secured := range []bool{false, true} {
				t.Run(fault.name+"/"+policy.name+"/"+overTLS(secured), func(t *testing.T) {
					t.Parallel()
					server := serve(t, secured, func(v *visit) {
						for range policy.good {
							if !v.request() {
								return
							}
							v.answer()
						}
						if v.request() {
							fault.do(v)
						}
					})
					sink := &samples{}
					s := streamTo(t, server, sink, func(c *check.Stream) {
						policy.change(c)
						if fault.silent {
							c.Timeout = check.Duration(brief)
						}
					})
					all := send(t, s, sink, policy.good+2)
					fine(t, all[:policy.good])
					meets(t, &all[policy.good], fault.want)

					// The connection that failed is not used again.
					if len(http1Of(s).pool.live) != 1 && policy.good > 0 {
						t.Errorf("%d connections", len(http1Of(s).pool.live))
					}
					if next := all[policy.good+1]; next.Conn != all[policy.good].Conn+1 || !next.Fresh() {
						t.Errorf("the request after the fault went out on connection %d, served %d", next.Conn, next.Served)
					}
					if n := server.requests.Load(); n != written(all) {
						t.Errorf("the server saw %d requests, %d were written", n, written(all))
					}
				})
			}
		}
	}
}

func saying(s string) func(*visit) { return func(v *visit) { v.say(s) } }

func sayingThen(s string, then func(*visit)) func(*visit) {
	return func(v *visit) { v.say(s); then(v) }
}

func fine(t *testing.T, all []recording.Sample) {
	t.Helper()
	for i := range all {
		if all[i].Outcome != recording.OK {
			t.Errorf("request %d: %+v", i, all[i])
		}
	}
}

// meets compares a sample with what it shall say.
func meets(t *testing.T, got *recording.Sample, want want) {
	t.Helper()
	outcome := recording.Failed
	if want.phase == "" {
		outcome = recording.OK
	}
	if got.Outcome != outcome || got.Phase != want.phase || got.Class != want.class ||
		got.Status != want.status || got.BytesIn != want.bytes {
		t.Errorf("got %s %s/%s status %d, %d bytes (%s); want %+v",
			got.Outcome, got.Phase, got.Class, got.Status, got.BytesIn, got.Error, want)
	}
	if got.Written == recording.NotReached {
		t.Error("the request was not written")
	}
	if first := want.phase != recording.PhaseFirstByte; first != (got.FirstByte != recording.NotReached) {
		t.Errorf("first byte at %v", got.FirstByte)
	}
	maskable := !got.Fresh() && want.phase == recording.PhaseFirstByte && want.class != recording.ClassTimeout
	if got.Maskable != maskable {
		t.Errorf("maskable: %v after %d requests", got.Maskable, got.Served)
	}
	if want.class == recording.ClassTimeout && got.End-got.Sent < brief {
		t.Errorf("timed out after %v", got.End-got.Sent)
	}
	if !got.Fresh() && got.ConnPod != "pod-a" {
		t.Errorf("the connection was last answered by %q", got.ConnPod)
	}
}

func TestPodIsKeptWhenBodyFails(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		v.request()
		v.say("HTTP/1.1 200 OK\r\nX-Pod: pod-b\r\nContent-Length: 10\r\n\r\nhalf")
	})
	sink := &samples{}
	got := send(t, streamTo(t, server, sink, nil), sink, 1)[0]
	if got.Pod != "pod-b" || got.ConnPod != "" || got.Class != recording.ClassBodyCut {
		t.Errorf("%+v", got)
	}
}

func TestExpectedStatus(t *testing.T) {
	server := serve(t, false, healthy)
	sink := &samples{}
	s := streamTo(t, server, sink, func(c *check.Stream) { c.ExpectStatus = []int{http.StatusTeapot} })
	got := send(t, s, sink, 1)[0]
	meets(t, &got, want{recording.PhaseDone, recording.ClassStatus, 200, 2})
}

// An unexpected status is an answer: its connection can carry the next request.
func TestUnexpectedStatusKeepsConnection(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		for v.request() {
			v.say("HTTP/1.1 503 Service Unavailable\r\nX-Pod: pod-a\r\nContent-Length: 4\r\n\r\nbusy")
		}
	})
	sink := &samples{}
	for i, got := range send(t, streamTo(t, server, sink, reused(1)), sink, 3) {
		meets(t, &got, want{recording.PhaseDone, recording.ClassStatus, 503, 4})
		if got.Conn != 1 || got.Served != uint32(i) {
			t.Errorf("request %d on connection %d, served %d", i, got.Conn, got.Served)
		}
	}
}

func TestHead(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		for v.request() {
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
		}
	})
	sink := &samples{}
	s := streamTo(t, server, sink, func(c *check.Stream) {
		reused(1)(c)
		c.Method = http.MethodHead
	})
	all := send(t, s, sink, 3)
	fine(t, all)
	if all[2].Conn != 1 || all[2].Served != 2 {
		t.Errorf("connection %d, served %d", all[2].Conn, all[2].Served)
	}
}

// What goes out is what a client with this policy would send.
func TestRequestOnTheWire(t *testing.T) {
	for policy, closes := range map[check.Connections]bool{check.New: true, check.Reused: false} {
		seen := make(chan *http.Request, 10)
		server := serve(t, false, func(v *visit) {
			for v.request() {
				seen <- v.last
				v.answer()
			}
		})
		sink := &samples{}
		s := streamTo(t, server, sink, func(c *check.Stream) {
			c.Connections, c.URL, c.Name = policy, c.URL+"slow?for=1s", "short"
		})
		runFor(t, s, sink, 1)
		req := <-seen
		if req.Close != closes || req.URL.RequestURI() != "/slow?for=1s" || "http://"+req.Host+"/" != server.url ||
			req.Header.Get("X-Vegeta-Attack") != "short" || req.Header.Get("X-Vegeta-Seq") != "0" {
			t.Errorf("%s: close %v, %v", policy, req.Close, req)
		}
	}
}

// The faults that happen before there is a connection.
func TestNoConnection(t *testing.T) {
	closed := closedPort(t)
	errno := func(call string, errno syscall.Errno) func(*Stream) {
		return func(s *Stream) {
			serviceOf(s).dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, errno)}
			}
		}
	}
	for _, tt := range []struct {
		name    string
		url     string
		prepare func(*Stream)
		outcome recording.Outcome
		phase   recording.Phase
		class   recording.Class
		remote  string
	}{
		{
			"refused", "http://" + closed, func(*Stream) {},
			recording.Failed, recording.PhaseDial, recording.ClassRefused, closed,
		},
		{
			"refused, secured", "https://" + closed, func(*Stream) {},
			recording.Failed, recording.PhaseDial, recording.ClassRefused, closed,
		},
		{"swallowed", "http://" + closed, func(s *Stream) {
			serviceOf(s).timeout = brief
			serviceOf(s).dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
			}
		}, recording.Failed, recording.PhaseDial, recording.ClassTimeout, closed},
		{
			"no route", "http://" + closed, errno("connect", syscall.EHOSTUNREACH),
			recording.Failed, recording.PhaseDial, recording.ClassUnreachable, closed,
		},
		{
			"no port left", "http://" + closed, errno("connect", syscall.EADDRNOTAVAIL),
			recording.ClientFault, recording.PhaseDial, recording.ClassPorts, closed,
		},
		{
			"no descriptor left", "http://" + closed, errno("socket", syscall.EMFILE),
			recording.ClientFault, recording.PhaseDial, recording.ClassDescriptors, closed,
		},
		{"no such name", "http://name.invalid", func(s *Stream) {
			serviceOf(s).resolver = func() *net.Resolver {
				return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
					return nil, errors.New("no name server")
				}}
			}
		}, recording.ClientFault, recording.PhaseResolve, recording.ClassResolve, ""},
	} {
		for _, policy := range []check.Connections{check.New, check.Reused} {
			t.Run(tt.name+"/"+string(policy), func(t *testing.T) {
				sink := &samples{}
				s := stream(t, tt.url, sink, func(c *check.Stream) { c.Connections = policy })
				tt.prepare(s)
				for _, got := range send(t, s, sink, 2) {
					if got.Outcome != tt.outcome || got.Phase != tt.phase || got.Class != tt.class || got.RemoteAddr != tt.remote ||
						got.Acquired != recording.NotReached || got.Conn != 0 || got.Maskable {
						t.Errorf("%+v", got)
					}
				}
				if n := http1Of(s).pool.reserved; n != 0 {
					t.Errorf("%d places stay taken", n)
				}
			})
		}
	}
}

func TestHandshakeFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		secured bool
		do      func(*visit)
		prepare func(*Stream, *faultServer)
		class   recording.Class
	}{
		{"FIN", false, func(v *visit) { _, _ = v.reader.Peek(1); drain(v) }, nil, recording.ClassEOF},
		{"RST", false, func(v *visit) { _, _ = v.reader.Peek(1); v.reset() }, nil, recording.ClassReset},
		{"silence", false, (*visit).linger, func(s *Stream, _ *faultServer) { serviceOf(s).timeout = brief }, recording.ClassTimeout},
		{"not TLS", false, func(v *visit) { v.say("HTTP/1.1 400 Bad Request\r\n\r\n"); v.linger() }, nil, recording.ClassTLS},
		{"unknown authority", true, func(v *visit) { handshakeOnly(v) }, func(s *Stream, _ *faultServer) { serviceOf(s).tls.RootCAs = nil }, recording.ClassTLS},
		{"expired", true, func(v *visit) { handshakeOnly(v) }, func(s *Stream, server *faultServer) {
			serviceOf(s).tls.Time = func() time.Time { return server.certificate.NotAfter.Add(time.Second) }
		}, recording.ClassTLS},
		{"another name", true, func(v *visit) { handshakeOnly(v) }, func(s *Stream, _ *faultServer) { serviceOf(s).tls.ServerName = "another.invalid" }, recording.ClassTLS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := serve(t, tt.secured, tt.do)
			sink := &samples{}
			s := stream(t, strings.Replace(server.url, "http://", "https://", 1), sink, nil)
			serviceOf(s).tls.RootCAs = server.roots
			if tt.prepare != nil {
				tt.prepare(s, server)
			}
			got := send(t, s, sink, 1)[0]
			if got.Outcome != recording.Failed || got.Phase != recording.PhaseTLS || got.Class != tt.class ||
				got.Conn != 1 || got.Acquired != recording.NotReached {
				t.Errorf("%+v", got)
			}
			if len(http1Of(s).pool.live) != 0 {
				t.Error("the connection stays in the pool")
			}
		})
	}
}

// drain takes what has come, so that closing sends a FIN and no RST.
func drain(v *visit) { _, _ = v.reader.Discard(v.reader.Buffered()) }

func TestAddressesAreDialledInOrder(t *testing.T) {
	closed, other := closedPort(t), closedPort(t)
	server := serve(t, false, healthy)
	open := strings.TrimSuffix(strings.TrimPrefix(server.url, "http://"), "/")
	for _, tt := range []struct {
		addresses []string
		remote    string
		outcome   recording.Outcome
	}{
		{[]string{closed, open}, open, recording.OK},
		{[]string{open, closed}, open, recording.OK},
		{[]string{closed, other}, closed, recording.Failed},
	} {
		sink := &samples{}
		s := streamTo(t, server, sink, nil)
		serviceOf(s).literal = tt.addresses
		if got := send(t, s, sink, 1)[0]; got.RemoteAddr != tt.remote || got.Outcome != tt.outcome {
			t.Errorf("%v: %+v", tt.addresses, got)
		}
	}
}

func TestNameIsResolved(t *testing.T) {
	server := serve(t, false, healthy)
	sink := &samples{}
	s := streamTo(t, server, sink, func(c *check.Stream) { c.URL = strings.Replace(c.URL, "127.0.0.1", "localhost", 1) })
	got := send(t, s, sink, 1)[0]
	if got.Outcome != recording.OK || !strings.HasPrefix(got.RemoteAddr, "127.0.0.1:") {
		t.Errorf("%+v", got)
	}
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
