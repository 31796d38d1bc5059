package attack

import (
	"sync"
	"time"
)

// http1Pool holds a stream's connections. It grows to its size with the requests: as
// long as fewer are open each request dials its own, so that the stream soon
// has all of them, spread over the pods, and replaces those that were lost.
// When all are in use further ones are dialled, and carry requests like the
// others until there are again as many idle as the pool holds: closing each on
// return would turn a busy stream of reused connections into one of new ones.
// A pool of size 0 keeps none.
type http1Pool struct {
	size int

	mu sync.Mutex
	// idle is a queue: the one that has been idle longest is first, so that
	// each is used as often as the others.
	idle []*http1Conn
	// live are the connections that are idle or in use, with the pod that had last
	// answered on each when it came back; empty while none had. Where it is in use
	// its own field belongs to the request that uses it.
	live map[*http1Conn]string
	// reserved are the places of those being dialled.
	reserved int
	// generation counts the renewals. A connection of an earlier one is
	// replaced when its turn comes.
	generation uint64
}

func newHTTP1Pool(size int) *http1Pool {
	return &http1Pool{size: size, live: map[*http1Conn]string{}}
}

// renew lets each connection be replaced when its turn comes, which spreads them
// over the pods of now.
func (p *http1Pool) renew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.generation++
}

// take gives the connection that has been idle longest. If it gives nil, the
// caller shall make a new one; its place is reserved until adopt or release.
func (p *http1Pool) take() *http1Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) > 0 && p.idle[0].generation != p.generation {
		outdated := p.idle[0]
		p.idle = p.idle[1:]
		delete(p.live, outdated)
		_ = outdated.Close()
	}
	if len(p.idle) == 0 || len(p.live)+p.reserved < p.size {
		p.reserved++
		return nil
	}
	c := p.idle[0]
	p.idle = p.idle[1:]
	return c
}

// adopt fills a reserved place.
func (p *http1Pool) adopt(c *http1Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved--
	c.generation = p.generation
	p.live[c] = ""
}

// release gives a reserved place back.
func (p *http1Pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved--
}

// put takes a connection back that may carry another request.
func (p *http1Pool) put(c *http1Conn) {
	if !p.keep(c) {
		p.drop(c)
	}
}

func (p *http1Pool) keep(c *http1Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= p.size {
		return false
	}
	p.idle = append(p.idle, c)
	p.live[c] = c.pod
	return true
}

// drop closes a connection that is not idle.
func (p *http1Pool) drop(c *http1Conn) {
	p.mu.Lock()
	delete(p.live, c)
	p.mu.Unlock()
	// Whatever was read before tells more than the error of closing.
	_ = c.Close()
}

// spread counts the connections by the pod that last answered on each.
func (p *http1Pool) spread() map[string]int {
	if p.size == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pods := map[string]int{}
	for _, pod := range p.live {
		pods[pod]++
	}
	return pods
}

// interrupt makes all that goes on on the connections fail at once.
func (p *http1Pool) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.live {
		_ = c.raw.SetDeadline(time.Unix(1, 0))
	}
}

// close closes the idle connections.
func (p *http1Pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		p.drop(c)
	}
}
