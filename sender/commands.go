package sender

import (
	"crypto/subtle"
	"net/http"
	"reflect"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// now is the clock that the conductor is told: the sender's own, and from Start on that
// of the run. It is called under the lock.
func (s *Server) now() time.Time { return s.own().Add(-s.start.Offset) }

// status tells how far the sender is.
func (s *Server) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{Now: s.now(), State: s.state, End: s.end}
	if s.load != nil {
		status.Streams, status.Answered = s.load.streamStatus(), s.load.answered.names()
		status.Window = s.load.prober.Status()
	}
	status.Sealed, status.Segments = s.held.list()
	return status
}

// assign takes an assignment, of the first conductor that has one that can be sent.
func (s *Server) assign(token string, a Assignment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Waiting {
		switch {
		case subtle.ConstantTimeCompare([]byte(s.token), []byte(token)) != 1:
			return &refusal{status: http.StatusForbidden, why: "this sender has another conductor"}
		case !reflect.DeepEqual(s.assignment, a):
			return unfit("this sender has another assignment")
		default:
			return nil
		}
	}
	if err := possible(a); err != nil {
		return err
	}
	s.state, s.token, s.assignment, s.heard = Assigned, token, a, s.own()
	s.log.Info("assigned", "sender", a.Sender, "of", a.Senders, "streams", len(a.Streams))
	s.wake()
	return nil
}

// poll forgets what the conductor has.
func (s *Server) poll(p Poll) error {
	if !s.held.keep(p.Kept) {
		return bad("segment %d was never sealed", p.Kept)
	}
	return nil
}

// begin sets the clock and has the load begin at its time.
func (s *Server) begin(start Start) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state == Assigned:
	case s.start.At.IsZero():
		return unfit("this sender has ended before it began")
	case !s.start.At.Equal(start.At):
		return unfit("this sender has another time to begin")
	default:
		return nil
	}
	now := func() time.Time { return s.own().Add(-start.Offset) }
	if late := now().Sub(start.At); late > 0 {
		return unfit("the time to begin was %s ago", late.Round(time.Millisecond))
	}
	load, err := newLoad(s.assignment, s.domain, start.At, now, &s.balancer.Known, &s.held, func(why error) { s.fail(why, true) })
	if err != nil {
		return err
	}
	s.state, s.start, s.load = Sending, start, load
	s.log.Info("about to send", "at", start.At)
	load.run()
	s.working.Go(func() {
		err := guard.Call("waiting for the load's end", func() error {
			s.finish(load.wait())
			return nil
		})
		if err != nil {
			s.fail(err, true)
			s.finish(End{Streams: unsent(s.assignment.Streams)})
		}
	})
	return nil
}

// finish takes what the load has come to.
func (s *Server) finish(end End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended(end)
}

// renew spreads the kept connections over the pods of now. When nothing is sent any more
// there are none.
func (s *Server) renew() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == Assigned {
		return unfit("this sender has not begun yet")
	}
	if s.state == Sending {
		s.load.renew()
	}
	return nil
}
