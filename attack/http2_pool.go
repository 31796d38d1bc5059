package attack

import (
	"context"
	"sync/atomic"
	"time"
)

// http2Pool holds the connections of HTTP/2 that a stream keeps. Requests take them in
// turn. A pool without slots keeps none.
type http2Pool struct {
	all  []slot
	next atomic.Uint64
	// generation counts the renewals, as in http1Pool.
	generation atomic.Uint64
}

// slot is the place of one connection.
type slot struct {
	// lock is held by the request that looks at the slot, and dials for all that
	// wait for it.
	lock chan struct{}
	conn *http2Conn
}

func newHTTP2Pool(n int) *http2Pool {
	p := &http2Pool{all: make([]slot, n)}
	for i := range p.all {
		p.all[i].lock = make(chan struct{}, 1)
	}
	return p
}

// take gives a connection that is in use until its release. One that is closed, told to
// close, or outdated is replaced by what dial gives.
func (p *http2Pool) take(ctx context.Context, dial func() (*http2Conn, error)) (*http2Conn, error) {
	if len(p.all) == 0 {
		c, err := dial()
		if err != nil {
			return nil, err
		}
		c.retain()
		c.retire()
		return c, nil
	}
	place := &p.all[(p.next.Add(1)-1)%uint64(len(p.all))]
	select {
	case place.lock <- struct{}{}:
		defer func() { <-place.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	generation := p.generation.Load()
	if c := place.conn; c != nil && (c.generation != generation || !c.usable()) {
		c.retire()
		place.conn = nil
	}
	if place.conn == nil {
		c, err := dial()
		if err != nil {
			return nil, err
		}
		c.generation = generation
		place.conn = c
	}
	place.conn.retain()
	return place.conn, nil
}

// renew lets each connection be replaced when its turn comes.
func (p *http2Pool) renew() { p.generation.Add(1) }

// close ends what the stream keeps. No request may be under way.
func (p *http2Pool) close() {
	for i := range p.all {
		if c := p.all[i].conn; c != nil {
			c.retire()
			p.all[i].conn = nil
		}
	}
}

// lockTimeout is how long a look at the slots waits for those that are being looked
// at. Requests do so for microseconds, unless they dial.
const lockTimeout = 10 * time.Millisecond

// spread leaves out the slots without a connection: those that nobody has come to
// yet, and those that are being dialled for.
func (p *http2Pool) spread() map[string]int {
	if len(p.all) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	pods := map[string]int{}
	for i := range p.all {
		if pod, ok := p.all[i].pod(ctx); ok {
			pods[pod]++
		}
	}
	return pods
}

// pod names the one that last answered on the slot's connection; ok is false where
// it has none.
func (s *slot) pod(ctx context.Context) (pod string, ok bool) {
	select {
	case s.lock <- struct{}{}:
	default:
		select {
		case s.lock <- struct{}{}:
		case <-ctx.Done():
			return "", false
		}
	}
	defer func() { <-s.lock }()
	if s.conn == nil {
		return "", false
	}
	if named := s.conn.pod.Load(); named != nil {
		pod = *named
	}
	return pod, true
}
