package attack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// nameServer answers each name with 127.0.0.1, and with nothing for IPv6. asked is
// called before each answer to a question for an IPv4 address.
func nameServer(t *testing.T, asked func(name string)) (resolver func() *net.Resolver) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var answers sync.WaitGroup
	answers.Go(func() {
		for {
			question := make([]byte, 512)
			n, from, err := server.ReadFrom(question)
			if err != nil {
				return
			}
			answers.Go(func() {
				var m dnsmessage.Message
				if err := m.Unpack(question[:n]); err != nil {
					t.Error(err)
					return
				}
				m.Response, m.Additionals = true, nil
				if asks := m.Questions[0]; asks.Type == dnsmessage.TypeA {
					asked(asks.Name.String())
					m.Answers = []dnsmessage.Resource{{
						Header: dnsmessage.ResourceHeader{Name: asks.Name, Class: asks.Class, Type: asks.Type},
						Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
					}}
				}
				answer, err := m.Pack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = server.WriteTo(answer, from)
			})
		}
	})
	t.Cleanup(func() {
		_ = server.Close()
		answers.Wait()
	})
	return func() *net.Resolver {
		return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
		}}
	}
}

// named has the stream ask the server for a name.
func named(resolver func() *net.Resolver, s *Stream) *Stream {
	serviceOf(s).resolver = resolver
	return s
}

// inDomain gives the URL with a name for its address.
func inDomain(url string) string { return strings.Replace(url, "127.0.0.1", "web.test.", 1) }

// A lookup is a phase of its own, of each request that makes a connection by a name.
func TestLookupIsAPhase(t *testing.T) {
	const slow = 30 * time.Millisecond
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		t.Run(string(protocol), func(t *testing.T) {
			url := serve(t, false, healthy).url
			if protocol == check.H2C {
				url = serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool { v.answerOK(stream); return true }).url
			}
			resolver := nameServer(t, func(string) { <-time.After(slow) })
			of := func(url string, connections check.Connections) []recording.Sample {
				sink := &samples{}
				s := stream(t, url, sink, func(c *check.Stream) { c.Protocol, c.Connections = protocol, connections })
				return send(t, named(resolver, s), sink, 2)
			}
			looked := func(s recording.Sample) bool {
				return s.Lookup >= slow && s.Resolved >= s.Sent+s.Lookup && s.Resolved <= s.Acquired && s.DialledAt().Equal(s.Scheduled.Add(s.Resolved))
			}
			none := func(s recording.Sample) bool {
				return s.Lookup == 0 && s.Resolved == recording.NotReached && s.DialledAt().Equal(s.SentAt())
			}
			for _, tt := range []struct {
				name     string
				samples  []recording.Sample
				did      func(first recording.Sample) bool
				didAgain func(second recording.Sample) bool
			}{
				{"new connections", of(inDomain(url), check.New), looked, looked},
				{"a kept one", of(inDomain(url), check.Reused), looked, none},
				{"an address", of(url, check.New), none, none},
			} {
				if !tt.did(tt.samples[0]) || !tt.didAgain(tt.samples[1]) || tt.samples[1].Outcome != recording.OK {
					t.Errorf("%s: %+v", tt.name, tt.samples)
				}
			}
		})
	}
}

// What a lookup that fails took is told too.
func TestLookupThatFails(t *testing.T) {
	const slow = 30 * time.Millisecond
	sink := &samples{}
	s := stream(t, "http://web.test.", sink, nil)
	serviceOf(s).resolver = func() *net.Resolver {
		return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			<-time.After(slow)
			return nil, errors.New("no name server")
		}}
	}
	got := send(t, s, sink, 1)[0]
	if got.Phase != recording.PhaseResolve || got.Outcome != recording.ClientFault || got.Lookup < slow || got.Resolved != recording.NotReached {
		t.Errorf("%+v", got)
	}
}

// Each connection asks for itself: the first answer waits for the second question. A
// datagram that is lost then holds up one request alone.
func TestLookupsAreNotShared(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	server := serve(t, false, healthy)
	sink := &samples{}
	s := stream(t, inDomain(server.url), sink, func(c *check.Stream) { c.Timeout = check.Duration(testTimeout) })
	named(nameServer(t, func(string) { both.Done(); both.Wait() }), s)
	var sent sync.WaitGroup
	for seq := range 2 {
		sent.Go(func() { _ = sendOne(t, s, seq) })
	}
	sent.Wait()
	for i := range sink.all {
		if got := sink.all[i]; got.Outcome != recording.OK || got.Lookup > testTimeout/2 {
			t.Errorf("%+v", got)
		}
	}
}

// With no name server of a test the system's is asked, for each lookup anew.
func TestLookupOfLocalhost(t *testing.T) {
	s := stream(t, "http://localhost:1", &samples{}, nil)
	if first, second := serviceOf(s).resolver(), serviceOf(s).resolver(); first == second {
		t.Error("lookups have a resolver in common")
	}
	addresses, err := serviceOf(s).resolver().LookupNetIP(t.Context(), "ip4", "localhost")
	if err != nil || len(addresses) == 0 || addresses[0].Unmap() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("%v, %v", addresses, err)
	}
}

// A short name of a service is looked up in full, and stays in the request as it is. Where
// the cluster's domain is not known it is looked up as it stands.
func TestAShortNameIsLookedUpInFull(t *testing.T) {
	for domain, inFull := range map[string]bool{"cluster.test": true, "": false} {
		hosts := make(chan string, 10)
		server := serve(t, false, func(v *visit) {
			for v.request() {
				hosts <- v.last.Host
				v.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		asked := make(chan string, 100)
		sink := &samples{}
		spec := check.Stream{
			Name: "test", Rate: 100, Connections: check.New, Method: http.MethodGet, Protocol: check.HTTP1,
			URL: strings.Replace(server.url, "127.0.0.1", "web.shop", 1), Timeout: check.Duration(testTimeout),
		}
		origin := time.Now()
		s, err := New(Config{
			Stream: spec, Now: func() time.Time { return origin.Add(time.Since(origin)) }, Sink: sink.take,
			Names: map[string]string{"web.shop": "web.shop.svc"}, Domain: domain,
		})
		if err != nil {
			t.Fatal(err)
		}
		fine(t, send(t, named(nameServer(t, func(name string) { asked <- name }), s), sink, 1))
		if got := <-asked; (got == "web.shop.svc.cluster.test.") != inFull {
			t.Errorf("domain %q: %s was looked up", domain, got)
		}
		if got := <-hosts; !strings.HasPrefix(got, "web.shop:") {
			t.Errorf("domain %q: the request is for %s", domain, got)
		}
	}
}
