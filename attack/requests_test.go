package attack

import (
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// streamWith makes a stream to server with what all its streams have in common.
func streamWith(t *testing.T, server *faultServer, sink *samples, target check.Target, change func(*check.Stream)) *Stream {
	t.Helper()
	spec := check.Stream{
		Name: "test", Rate: 100, Connections: check.Reused, Pool: 1,
		URL: server.url, Protocol: check.HTTP1, Method: http.MethodGet, Timeout: check.Duration(testTimeout),
	}
	change(&spec)
	s := made(t, spec, target, sink)
	if serviceOf(s).tls != nil && serviceOf(s).tls.RootCAs == nil {
		serviceOf(s).tls.RootCAs = server.roots
	}
	return s
}

func TestWhatARequestIsMadeOf(t *testing.T) {
	file := write(t, "body.json", `{"n":1}`)
	for _, secured := range []bool{false, true} {
		for _, tt := range []struct {
			name   string
			change func(*check.Stream)
			want   func(*visit) bool
		}{
			{
				"a text",
				func(s *check.Stream) { s.Method, s.Body = "POST", &check.Body{Text: check.NewValue("hello")} },
				func(v *visit) bool {
					return v.last.Method == "POST" && string(v.body) == "hello" && v.last.ContentLength == 5
				},
			},
			{
				"a file in chunks",
				func(s *check.Stream) { s.Method, s.Body = "PUT", &check.Body{File: file, Chunked: true} },
				func(v *visit) bool {
					return v.last.Method == "PUT" && string(v.body) == `{"n":1}` && v.last.ContentLength == -1
				},
			},
			{
				"no body",
				func(s *check.Stream) { s.Method = "DELETE" },
				func(v *visit) bool { return v.last.Method == "DELETE" && len(v.body) == 0 },
			},
			{
				"headers",
				func(s *check.Stream) {
					s.Headers = []check.Header{{Name: "x-who", Value: "stream"}, {Name: "Host", Value: "shop.example"}}
				},
				func(v *visit) bool {
					return strings.Join(v.last.Header["X-Who"], ",") == "stream" && v.last.Host == "shop.example" &&
						v.last.Header.Get("Authorization") == "Bearer x"
				},
			},
			{
				"a HEAD", func(s *check.Stream) { s.Method = "HEAD" },
				func(v *visit) bool { return v.last.Method == "HEAD" },
			},
		} {
			t.Run(tt.name+"/"+overTLS(secured), func(t *testing.T) {
				server := serve(t, secured, func(v *visit) {
					for v.request() {
						if !tt.want(v) {
							t.Errorf("%+v with body %q", v.last, v.body)
						}
						if v.last.Method == "HEAD" {
							v.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
						} else {
							v.answer()
						}
					}
				})
				sink := &samples{}
				s := streamWith(t, server, sink, check.Target{Headers: []check.Header{
					{Name: "Authorization", Value: "Bearer x"}, {Name: "X-Who", Value: "target"},
				}}, tt.change)
				fine(t, send(t, s, sink, 3))
				if n := server.accepted.Load(); n != 1 {
					t.Errorf("%d connections for one in the pool", n)
				}
			})
		}
	}
}

func TestTargetsAreSentInTurn(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		for v.request() {
			v.say("HTTP/1.1 200 OK\r\nX-Pod: " + v.last.Method + "_" + v.last.URL.Path + "_" + string(v.body) + "\r\nContent-Length: 0\r\n\r\n")
		}
	})
	file := write(t, "targets", "GET "+server.url+"a\n\nPOST "+server.url+"b\n@"+write(t, "body", "x")+"\n")
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) { s.Targets = &check.Targets{File: file, Format: check.TargetsHTTP} })
	var got []string
	for _, sample := range send(t, s, sink, 4) {
		got = append(got, sample.Pod)
	}
	if want := "GET_/a_ POST_/b_x GET_/a_ POST_/b_x"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What a service makes of a body that it was first asked about.
func TestExpectContinue(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(*visit)
		want   want
		reused bool
	}{
		{"asked for", func(v *visit) {
			for v.header() {
				v.say("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
				body, _ := io.ReadAll(v.last.Body)
				v.body = body
				v.answer()
			}
		}, want{"", "", 200, 2}, true},
		{"refused", func(v *visit) {
			v.header()
			v.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
			v.linger()
		}, want{recording.PhaseDone, recording.ClassStatus, 413, 2}, false},
		{"not understood", func(v *visit) {
			for v.request() {
				v.answer()
			}
		}, want{"", "", 200, 2}, true},
		{"FIN", func(v *visit) { v.header(); drain(v) }, want{recording.PhaseWrite, recording.ClassEOF, 0, 0}, false},
		{"RST", func(v *visit) { v.header(); v.reset() }, want{recording.PhaseWrite, recording.ClassReset, 0, 0}, false},
		{"malformed", func(v *visit) { v.header(); v.say("HTTP/1.1 1x0\r\n\r\n"); v.linger() }, want{recording.PhaseWrite, recording.ClassMalformed, 0, 0}, false},
	} {
		for _, secured := range []bool{false, true} {
			t.Run(tt.name+"/"+overTLS(secured), func(t *testing.T) {
				t.Parallel()
				server := serve(t, secured, tt.do)
				sink := &samples{}
				s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
					s.Method, s.Body = "POST", &check.Body{Text: check.NewValue("hello")}
					s.Headers = []check.Header{{Name: "Expect", Value: "100-continue"}}
				})
				for i, sample := range send(t, s, sink, 2) {
					if (want{sample.Phase, sample.Class, sample.Status, sample.BytesIn}) != tt.want {
						t.Errorf("%+v", sample)
					}
					out := int64(0)
					if tt.want.status == http.StatusOK {
						out = int64(len("hello"))
					}
					if sample.BytesOut != out {
						t.Errorf("%d bytes out, want %d", sample.BytesOut, out)
					}
					if sample.Fresh() == (tt.reused && i > 0) {
						t.Errorf("request %d on a connection that had served %d", i, sample.Served)
					}
				}
			})
		}
	}
}

// A service that refuses a large body answers, and closes before it has read it.
func TestAnswerBeforeTheBodyIsSent(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		v.header()
		v.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
		v.reset()
	})
	sink := &samples{}
	s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
		s.Method, s.Body = "POST", &check.Body{Text: check.NewValue(strings.Repeat("x", 64<<20))}
	})
	for _, got := range send(t, s, sink, 5) {
		if got.Outcome != recording.Failed || !got.Fresh() {
			t.Errorf("%+v", got)
		}
		// Where the RST was faster than our reading, the answer is lost.
		if got.Status != 413 && got.Class != recording.ClassReset {
			t.Errorf("%+v", got)
		}
	}
}

// slowConn is the connection of a client that is off the processor for a while before
// each read: any deadline that it sets meanwhile is that much nearer.
type slowConn struct {
	net.Conn
	off time.Duration
}

func (c *slowConn) SetReadDeadline(at time.Time) error {
	return c.Conn.SetReadDeadline(at.Add(-c.off))
}

// An answer that has come before the body could be sent counts, however long the client
// takes to look.
func TestAnswerBeforeTheBodyIsSentIsReadLate(t *testing.T) {
	for _, secured := range []bool{false, true} {
		t.Run(overTLS(secured), func(t *testing.T) {
			server := serve(t, secured, func(v *visit) {
				v.header()
				v.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
			})
			sink := &samples{}
			s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
				s.Method, s.Body = "POST", &check.Body{Text: check.NewValue(strings.Repeat("x", 16<<20))}
			})
			dial := serviceOf(s).dial
			serviceOf(s).dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				return &slowConn{conn, testTimeout / 2}, err
			}
			if got := send(t, s, sink, 1)[0]; got.Status != http.StatusRequestEntityTooLarge || got.BytesIn != int64(len("no")) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestFilesThatACheckNames(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct {
		name   string
		target check.Target
		change func(*check.Stream)
		want   string
	}{
		{"no body", check.Target{}, func(s *check.Stream) { s.Body = &check.Body{File: missing} }, "body.file: open " + missing + ": no such file or directory; want a file that can be read"},
		{"a folder", check.Target{}, func(s *check.Stream) { s.Body = &check.Body{File: t.TempDir()} }, "is a directory; want a file that can be read"},
		{"no targets", check.Target{}, func(s *check.Stream) { s.Targets = &check.Targets{File: missing} }, "targets.file: open " + missing},
		{"no authority", check.Target{TLS: &check.TLS{CAFile: missing}}, func(*check.Stream) {}, "target.tls.caFile: open " + missing},
		{"no certificate", check.Target{TLS: &check.TLS{CAFile: write(t, "ca.pem", "hello")}}, func(*check.Stream) {}, "ca.pem holds no certificate; want one or more in PEM (-----BEGIN CERTIFICATE-----)"},
	} {
		spec := check.Stream{URL: "https://127.0.0.1/", Rate: 1, Method: "POST"}
		tt.change(&spec)
		if _, err := New(Config{Stream: spec, Target: tt.target}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestWhoIsTrusted(t *testing.T) {
	server := serve(t, true, healthy)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.certificate.Raw}))
	for _, tt := range []struct {
		name  string
		tls   *check.TLS
		class recording.Class
	}{
		{"the system's", nil, recording.ClassTLS},
		{"an authority's", &check.TLS{CAFile: write(t, "ca.pem", authority)}, ""},
		{"another name", &check.TLS{CAFile: write(t, "ca.pem", authority), ServerName: "another.invalid"}, recording.ClassTLS},
		{"one of its names", &check.TLS{CAFile: write(t, "ca.pem", authority), ServerName: "example.com"}, ""},
		{"anybody", &check.TLS{InsecureSkipVerify: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sink := &samples{}
			s := made(t, stream(t, server.url, sink, nil).spec, check.Target{TLS: tt.tls}, sink)
			if got := send(t, s, sink, 1)[0]; got.Class != tt.class {
				t.Errorf("%+v", got)
			}
		})
	}
}

// write makes a file and gives its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
