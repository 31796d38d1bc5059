package attack

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// connect makes a connection for the place that the pool keeps for it, and
// gives the place back if that fails.
func (t *transport) connect(sample *recording.Sample, deadline time.Time) (*connection, error) {
	ctx, cancel := context.WithDeadline(t.cut, deadline)
	defer cancel()

	raw, err := t.open(ctx, sample)
	if err != nil {
		t.pool.release()
		return nil, err
	}
	conn := newConnection(t.lastConn.Add(1), raw, t.cut)
	t.pool.adopt(conn)
	conn.describe(sample)
	if err := conn.bound(deadline); err != nil {
		t.pool.drop(conn)
		return nil, err
	}
	if t.tls != nil {
		sample.Phase = recording.PhaseTLS
		secured := tls.Client(raw, t.tls)
		conn.Conn = secured
		// The connection has its deadline already, and abort moves it.
		if err := secured.Handshake(); err != nil { //nolint:noctx // see above
			t.pool.drop(conn)
			return nil, err
		}
	}
	return conn, nil
}

// open looks the service up and dials it.
func (t *transport) open(ctx context.Context, sample *recording.Sample) (net.Conn, error) {
	sample.Phase = recording.PhaseResolve
	addresses, err := t.resolve(ctx)
	if err != nil {
		return nil, err
	}
	sample.Phase = recording.PhaseDial
	return t.dialFirst(ctx, addresses, sample)
}

// resolve gives the addresses to dial, in the order of RFC 6724. Names are
// asked for each connection, as a client without a cache of its own would.
func (t *transport) resolve(ctx context.Context) ([]string, error) {
	if t.literal != nil {
		return t.literal, nil
	}
	ips, err := t.resolver.LookupNetIP(ctx, "ip", t.host)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, len(ips))
	for i, ip := range ips {
		addresses[i] = net.JoinHostPort(ip.Unmap().String(), t.port)
	}
	return addresses, nil
}

// dialFirst dials the addresses in order until one answers. Each gets its part
// of the time that is left. If none answers, the first one's failure counts, as
// it does in package net: it is the address that others would use.
func (t *transport) dialFirst(ctx context.Context, addresses []string, sample *recording.Sample) (net.Conn, error) {
	var first error
	for i, address := range addresses {
		conn, err := t.dialOne(ctx, address, len(addresses)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
			sample.RemoteAddr = address
		}
	}
	return nil, first
}

// dialOne dials within its part of the time that ctx leaves.
func (t *transport) dialOne(ctx context.Context, address string, parts int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && parts > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(parts))
		defer cancel()
	}
	return t.dial(ctx, "tcp", address)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
