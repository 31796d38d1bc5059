package attack

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// For how long a local port rests after a connection that did not end in good order.
// Linux' connection tracking holds such a connection for so long with the pod that it
// was led to, and leads a new one from the same port to the same destination there,
// be the pod dead or not: a SYN begins a connection of its own only on one that was
// closed by FIN, or by an RST from here (net/netfilter/nf_conntrack_proto_tcp.c).
const (
	// restAfterReset is net.netfilter.nf_conntrack_tcp_timeout_close.
	restAfterReset = 10 * time.Second
	// restAfterSilence is nf_conntrack_tcp_timeout_syn_sent, of a connection that
	// was never answered.
	restAfterSilence = 120 * time.Second
)

// turn is how often the ports are lent by turns: a port whose turn it is now was lent
// before no later than so long ago. It is restAfterSilence, and as much as a pool of
// some thousand connections runs ahead of its time.
const turn = restAfterSilence + 30*time.Second

// Ports lends the local ports that connections are made from. Each is lent again only
// when all others had their turn, and no earlier than connection tracking has forgotten
// its last connection; the kernel takes one again as soon as no socket has it. All
// streams of a process share one. Nil has the kernel choose.
//
// The turns go by the clock, and are the same in each process: what an earlier run has
// left in connection tracking is not known to a later one, but the ports that it was
// left on are not those whose turn it is. So it is as long as no more ports are
// wanted than there are for a turn's time; beyond that the turns run ahead of the clock.
type Ports struct {
	now Clock

	mu sync.Mutex
	// ports are in the order of their turns.
	ports []uint16
	// next counts the turns, of which the epoch had the first.
	next int64
	free placeSet
	// lent and resting have the ports' places in that order.
	lent          map[uint16]int
	reset, silent queue[resting]

	kernel atomic.Uint64
}

// resting is a port, by its place, that is not to be lent before a moment.
type resting struct {
	place int
	until time.Time
}

// NewPorts takes over the ports that the kernel would choose from. It is nil where
// these are not known, as on systems other than Linux.
func NewPorts(now Clock) *Ports {
	ports := localPorts()
	if len(ports) == 0 {
		return nil
	}
	return newPorts(now, ports)
}

func newPorts(now Clock, ports []uint16) *Ports {
	// What shares connections out by their port shall not see them in their order,
	// nor one process in another than the next.
	order := rand.New(rand.NewPCG(0, 0)) //nolint:gosec // nothing is secret
	order.Shuffle(len(ports), func(i, j int) { ports[i], ports[j] = ports[j], ports[i] })
	p := &Ports{now: now, ports: ports, free: newPlaceSet(len(ports)), lent: map[uint16]int{}}
	for place := range ports {
		p.free.add(place)
	}
	return p
}

// ByKernel counts the connections whose port the kernel chose, because of its own
// none was free: all were in use, resting, or taken by others.
func (p *Ports) ByKernel() uint64 {
	if p == nil {
		return 0
	}
	return p.kernel.Load()
}

// take lends a port; ok is false where none is free.
func (p *Ports) take() (port uint16, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, n := p.now(), int64(len(p.ports))
	for _, rested := range []*queue[resting]{&p.reset, &p.silent} {
		for rested.len() > 0 && !rested.first().until.After(now) {
			p.free.add(rested.pop().place)
		}
	}
	if n == 0 {
		return 0, false
	}
	p.next = max(p.next, now.UnixNano()/max(int64(turn)/n, 1))
	place, ok := p.free.from(int(p.next % n))
	if !ok {
		return 0, false
	}
	p.next += (int64(place)-p.next%n+n)%n + 1
	p.free.remove(place)
	p.lent[p.ports[place]] = place
	return p.ports[place], true
}

// release takes a port back, once no socket has it any more. err is what its
// connection failed by, nil if it did not. Ports that were not lent are left alone.
func (p *Ports) release(port uint16, err error) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	place, ok := p.lent[port]
	if !ok {
		return
	}
	delete(p.lent, port)
	switch classify("", err) {
	case recording.ClassRefused, recording.ClassReset, recording.ClassEOF, recording.ClassBodyCut:
		// After a FIN that came too early an RST follows.
		p.reset.push(resting{place, p.now().Add(restAfterReset)})
	case recording.ClassTimeout, recording.ClassUnreachable:
		p.silent.push(resting{place, p.now().Add(restAfterSilence)})
	default:
		p.free.add(place)
	}
}

// resetIfSilent has a connection closed by an RST that failed by a timeout, so that
// connection tracking lets the next one from its port begin anew. To a pod that is gone
// the kernel would go on sending what was not acknowledged, and new connections from
// the port were led there for 330 s after a FIN (nf_conntrack_tcp_timeout_unacknowledged).
func resetIfSilent(conn net.Conn, failed error) {
	if tcp, ok := conn.(*net.TCPConn); ok && classify("", failed) == recording.ClassTimeout {
		_ = tcp.SetLinger(0) // else it is closed in good order
	}
}

// dialTries is how many ports are tried before the kernel may choose: others may
// have taken some, and of some the last connection may still be remembered here.
const dialTries = 8

// dial makes a connection. An error tells the port that has met it, where
// that is known.
func (p *Ports) dial(ctx context.Context, network, address string) (net.Conn, error) {
	// Probes would hide how the service treats idle connections, and cost three
	// calls for each dial.
	dialer := net.Dialer{KeepAlive: -1}
	if p == nil {
		return dialer.DialContext(ctx, network, address)
	}
	for range dialTries {
		port, ok := p.take()
		if !ok {
			break
		}
		dialer.Control = binding(port)
		conn, err := dialer.DialContext(ctx, network, address)
		switch {
		case err == nil && meetsItself(conn):
			_ = conn.Close() // nothing was written
		case err == nil:
			return conn, nil
		case !isOfThePort(err):
			p.release(port, err)
			return nil, &dialError{port, err}
		}
		p.release(port, nil)
	}
	p.kernel.Add(1)
	var port uint16
	dialer.Control = choosing(&port)
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil && port != 0 {
		err = &dialError{port, err}
	}
	return conn, err
}

// isOfThePort tells of a dial that another port may not fail: this one could not be
// bound, or its last connection to the same place is in TIME_WAIT.
func isOfThePort(err error) bool {
	call, ok := errors.AsType[*os.SyscallError](err)
	return ok && call.Syscall == callBind || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// callBind names the call that gives a socket its port.
const callBind = "bind"

// meetsItself tells of a connection that has found nobody but itself, as one to this
// machine can whose port is the one it goes to (simultaneous open, RFC 9293, section 3.5).
func meetsItself(conn net.Conn) bool {
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	remote, isTCP := conn.RemoteAddr().(*net.TCPAddr)
	return ok && isTCP && local.Port == remote.Port && local.IP.Equal(remote.IP)
}

// dialError is why a dial from a port failed.
type dialError struct {
	port uint16
	err  error
}

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// queue is first in, first out.
type queue[T any] struct {
	all  []T
	head int
}

func (q *queue[T]) len() int  { return len(q.all) - q.head }
func (q *queue[T]) first() *T { return &q.all[q.head] }
func (q *queue[T]) push(v T)  { q.all = append(q.all, v) }

func (q *queue[T]) pop() T {
	v := q.all[q.head]
	if q.head++; 2*q.head >= len(q.all) {
		// What is moved is no more than what was taken since.
		q.all = q.all[:copy(q.all, q.all[q.head:])]
		q.head = 0
	}
	return v
}
