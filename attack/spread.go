package attack

import (
	"context"
	"time"
)

// Spread tells how many of the connections that a reused stream has open were last
// answered by which pod, under an empty name those that no pod has named itself on
// yet. It is nil for a stream of new connections. It may be called at any time; once
// the stream has ended it tells how it was then.
func (s *Stream) Spread() map[string]int {
	s.looking.Lock()
	defer s.looking.Unlock()
	if s.ended {
		return s.lastSpread
	}
	return s.spread()
}

// endSpread keeps the last spread. From then on nobody looks at the connections, so
// that they can be closed.
func (s *Stream) endSpread() {
	s.looking.Lock()
	defer s.looking.Unlock()
	s.ended, s.lastSpread = true, s.spread()
}

func (s *Stream) spread() map[string]int {
	switch {
	case s.transport.slots != nil:
		return s.transport.slots.spread()
	case s.transport.pool.size > 0:
		return s.transport.pool.spread()
	default:
		return nil
	}
}

func (p *pool) spread() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	pods := map[string]int{}
	for _, pod := range p.live {
		pods[pod]++
	}
	return pods
}

// turnPatience is how long a look at the slots waits for those that are being looked
// at. Requests do so for microseconds, unless they dial.
const turnPatience = 10 * time.Millisecond

// spread leaves out the slots without a connection: those that nobody has come to
// yet, and those that are being dialled for.
func (s *slots) spread() map[string]int {
	ctx, cancel := context.WithTimeout(context.Background(), turnPatience)
	defer cancel()
	pods := map[string]int{}
	for i := range s.all {
		if pod, ok := s.all[i].pod(ctx); ok {
			pods[pod]++
		}
	}
	return pods
}

// pod names the one that last answered on the slot's connection; ok is false where
// it has none.
func (s *slot) pod(ctx context.Context) (pod string, ok bool) {
	select {
	case s.turn <- struct{}{}:
	default:
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return "", false
		}
	}
	defer func() { <-s.turn }()
	if s.conn == nil {
		return "", false
	}
	if named := s.conn.pod.Load(); named != nil {
		pod = *named
	}
	return pod, true
}
