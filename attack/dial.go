package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// service is where a stream's requests go, and what every carrier needs to send them
// there.
type service struct {
	host string // as in the URL, without the port
	name string // that is looked up
	port string
	// authority is host and port as in the URL.
	authority string
	literal   []string             // host and port if the host is an address
	tls       *tls.Config          // nil for plain text
	resolver  func() *net.Resolver // for one lookup
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	ports     *Ports
	share     Share
	lastConn  atomic.Uint64 // among the sender's

	podHeader string // canonical
	// grpc is set where an answer is gRPC's.
	grpc *atomic.Bool
	// expectBody judges the bodies of answers; nil takes any.
	expectBody *bodyPattern
	timeout    time.Duration
	now        Clock
}

func newService(cfg Config) (*service, error) {
	target, err := url.Parse(cfg.Stream.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	s := &service{
		host:      target.Hostname(),
		name:      target.Hostname(),
		port:      portOf(target),
		authority: target.Host,
		resolver:  func() *net.Resolver { return new(net.Resolver) },
		share:     cfg.Share,
		ports:     cfg.Ports,
		dial:      cfg.Ports.dial,
		podHeader: textproto.CanonicalMIMEHeaderKey(cfg.Target.PodHeader),
		timeout:   time.Duration(cfg.Stream.Timeout),
		now:       cfg.Now,
	}
	if s.expectBody, err = newBodyPattern(cfg.Stream.ExpectBody); err != nil {
		return nil, err
	}
	switch target.Scheme {
	case "http":
	case "https":
		if s.tls, err = tlsConfig(cfg.Target.TLS, s.host, cfg.readFile); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("url %s: the scheme is neither http nor https", target.Redacted())
	}
	if below := cfg.Names[s.host]; below != "" && cfg.Domain != "" {
		s.name = below + "." + cfg.Domain + "." // the dot keeps search lists out
	}
	if s.host == "" {
		return nil, fmt.Errorf("url %s: no host", target.Redacted())
	}
	switch {
	case cfg.only.address != "":
		s.literal, s.dial = []string{cfg.only.address}, cfg.only.dial(s.dial)
	case isAddress(s.host):
		s.literal = []string{net.JoinHostPort(s.host, s.port)}
	}
	return s, nil
}

// nextConn numbers the stream's connections from 1, those of all its senders.
func (s *service) nextConn() uint64 { return s.share.conn(s.lastConn.Add(1)) }

// lookUpAndDial is the opener of a client that goes where the URL leads.
func (s *service) lookUpAndDial(ctx context.Context, sample *recording.Sample) (net.Conn, error) {
	addresses, err := s.resolve(ctx, sample)
	if err != nil {
		return nil, err
	}
	sample.Phase = recording.PhaseDial
	return s.dialFirst(ctx, addresses, sample)
}

// resolve gives the addresses to dial, in the order of RFC 6724. A name is looked up
// for each connection, as a client without a cache of its own would: both families
// are asked for at once, and both answers awaited. Each lookup has a resolver of its
// own, because package net has all that ask one resolver for the same name share a
// lookup. A datagram that is lost would then hold up each request of the next
// seconds, which happens in no crowd of clients.
func (s *service) resolve(ctx context.Context, sample *recording.Sample) ([]string, error) {
	if s.literal != nil {
		return s.literal, nil
	}
	sample.Phase = recording.PhaseResolve
	began := s.now.since(sample)
	ips, err := s.resolver().LookupNetIP(ctx, "ip", s.name)
	ended := s.now.since(sample)
	sample.Lookup = ended - began
	if err != nil {
		return nil, err
	}
	sample.Resolved = ended
	addresses := make([]string, len(ips))
	for i, ip := range ips {
		addresses[i] = net.JoinHostPort(ip.Unmap().String(), s.port)
	}
	return addresses, nil
}

// dialFirst dials the addresses in order until one answers. Each gets its part
// of the time that is left. If none answers, the first one's failure counts, as
// it does in package net: it is the address that others would use.
func (s *service) dialFirst(ctx context.Context, addresses []string, sample *recording.Sample) (net.Conn, error) {
	var first error
	for i, address := range addresses {
		conn, err := s.dialOne(ctx, address, len(addresses)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
			sample.RemoteAddr = address
			if failed, ok := errors.AsType[*dialError](err); ok {
				sample.LocalPort = failed.port
			}
		}
	}
	return nil, first
}

// dialOne dials within its part of the time that ctx leaves.
func (s *service) dialOne(ctx context.Context, address string, parts int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && parts > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(parts))
		defer cancel()
	}
	return s.dial(ctx, "tcp", address)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// endpoint tells one connection of a stream from the others.
type endpoint struct {
	id         uint64 // from 1 in each stream
	localPort  uint16
	remoteAddr string
}

func newEndpoint(id uint64, raw net.Conn) endpoint {
	e := endpoint{id: id, remoteAddr: raw.RemoteAddr().String()}
	if local, ok := raw.LocalAddr().(*net.TCPAddr); ok {
		e.localPort = uint16(local.Port)
	}
	return e
}

// describe tells the sample which connection carries it.
func (e *endpoint) describe(sample *recording.Sample) {
	sample.Conn = e.id
	sample.LocalPort = e.localPort
	sample.RemoteAddr = e.remoteAddr
}
