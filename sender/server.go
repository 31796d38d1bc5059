package sender

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// What a pod that is ended still gives its conductor, all of it within the 30 s that it
// has by its spec.
const (
	// finishing is how long the requests in flight may take then.
	finishing = 5 * time.Second
	// collecting is for how long the rest is there to be collected.
	collecting = 20 * time.Second
	// leaving is how long the last answer may take to be read.
	leaving = 2 * time.Second
)

// PodEnded is the Problem of a sender that SIGTERM has ended.
const PodEnded = "its pod was ended (SIGTERM)"

// errPodEnded is what SIGTERM means here.
var errPodEnded = errors.New(PodEnded)

// Config is what a Server needs.
type Config struct {
	// Now is the sender's own clock. It counts from one monotonic origin.
	Now func() time.Time
	// Domain is the cluster's DNS domain; empty where it is not known.
	Domain string
	// Log is told what the sender does, and never what it sends; nil for nobody.
	Log *slog.Logger
}

// Server is a sender: it serves the channel, and sends what its conductor assigns. It
// is used once.
type Server struct {
	own    func() time.Time
	domain string
	log    *slog.Logger
	// lookup tells which names of an assignment do not exist here.
	lookup func(context.Context, *Assignment) error
	// changed wakes who waits for the end. working is the load.
	changed chan struct{}
	working sync.WaitGroup
	held    held
	// balancer is the one that it plays, where its assignment wants one.
	balancer Balancer

	mu    sync.Mutex
	state State
	token string
	// heard is when the conductor was heard last, or Serve began.
	heard      time.Time
	assignment Assignment
	start      Start
	load       *load
	// problem is why the load ends by itself, the first reason of several.
	problem error
	end     *End
	// told is that an answer has told of the end; collected, that it was followed by a
	// request when all segments were kept.
	told, collected bool
}

// New gives a sender that waits for its assignment.
func New(cfg Config) *Server {
	return &Server{
		own:     cfg.Now,
		domain:  cfg.Domain,
		log:     cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)),
		lookup:  lookUp,
		changed: make(chan struct{}, 1),
		held:    held{most: mostHeld},
		state:   Waiting,
	}
}

// Serve serves the channel on l, which it closes, until the conductor has collected all
// or is silent, or until ctx ends, which says that the pod is ended. Its error is why the
// load ended by itself, or why not all of it was collected. When it returns, nothing is
// sent any more.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	s.mu.Lock()
	s.heard = s.own()
	s.mu.Unlock()
	channel := &http.Server{
		Handler:           s.handler(),
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 10 * time.Second,
		// An assignment may hold large files and come over a slow line. Both count from
		// the request's header on.
		ReadTimeout:    Patience,
		WriteTimeout:   Patience + time.Minute,
		IdleTimeout:    Patience,
		MaxHeaderBytes: 16 << 10,
	}
	s.log.Info("waiting for a conductor", "address", l.Addr().String())
	serving := make(chan error, 1)
	go func() {
		defer close(serving)
		err := guard.Call("serving the channel", func() error { return channel.Serve(l) })
		serving <- err
	}()
	err := s.await(ctx, serving)

	s.interrupt(true)
	s.working.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
	defer cancel()
	if channel.Shutdown(last) != nil {
		_ = channel.Close() // whoever still reads has had their time
	}
	for range serving {
		// It ends with the server.
	}
	return err
}

// await waits until there is nothing more to do, and tells why.
func (s *Server) await(ctx context.Context, serving <-chan error) error {
	podEnds := ctx.Done()
	var finished, collected <-chan time.Time
	for {
		left, over, err := s.over()
		if over {
			return err
		}
		silence := time.NewTimer(left)
		select {
		case <-s.changed:
		case <-silence.C:
		case err := <-serving:
			return fmt.Errorf("serve the channel: %w", err)
		case <-podEnds:
			podEnds = nil
			switch state, complete, problem := s.remains(); {
			case state == Waiting:
				return nil // nobody is there to miss it
			case complete:
				return problem
			}
			s.fail(errPodEnded, false)
			finished, collected = time.After(finishing), time.After(collecting)
		case <-finished:
			s.interrupt(true)
		case <-collected:
			_, complete, problem := s.remains()
			if !complete {
				return fmt.Errorf("%w, and the conductor did not collect all within %s", errPodEnded, collecting)
			}
			return problem
		}
		silence.Stop()
	}
}

// over tells whether there is nothing more to do, and for how long the conductor may
// stay silent otherwise.
func (s *Server) over() (left time.Duration, over bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	patience := Silence
	if s.state == Waiting {
		patience = Patience
	}
	left = s.heard.Add(patience).Sub(s.own())
	switch {
	case s.collected:
		return 0, true, s.problem
	case left > 0:
		return left, false, nil
	case s.state == Waiting:
		return 0, true, fmt.Errorf("no conductor came within %s", Patience)
	case s.complete():
		return 0, true, s.problem // it has all, and has not said goodbye
	default:
		return 0, true, errors.Join(fmt.Errorf("the conductor was silent for %s, so nothing is sent for it any more", Silence), s.problem)
	}
}

// complete tells, under the lock, whether the conductor has all there is.
func (s *Server) complete() bool { return s.state == Ended && s.told && s.held.empty() }

// remains tells what the sender is at, whether nothing is lost if the program ends now,
// and why the load has ended by itself.
func (s *Server) remains() (state State, complete bool, problem error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.complete(), s.problem
}

// wake has await look again.
func (s *Server) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// fail ends the load for a reason of the sender's own; what is in flight is cut at once
// or has its time. A load that has ended already ended well.
func (s *Server) fail(why error, cut bool) {
	s.mu.Lock()
	if s.state != Ended && s.problem == nil {
		s.problem = why
		s.log.Error("stopping by itself", "problem", why)
	}
	s.mu.Unlock()
	s.interrupt(cut)
}

// interrupt ends the schedule, and cuts what is in flight if so wanted.
func (s *Server) interrupt(cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop(cut)
}

// stop is interrupt, under the lock. What never began ends at once, and begins no more.
func (s *Server) stop(cut bool) {
	switch s.state {
	case Ended:
	case Waiting, Assigned:
		s.ended(End{Streams: unsent(s.assignment.Streams)})
	case Sending, Stopping:
		s.state = Stopping
		s.load.stop(cut)
	}
}

// ended takes what the load has come to, under the lock.
func (s *Server) ended(end End) {
	if s.problem != nil {
		end.Problem = firstLine(s.problem)
	}
	s.state, s.end = Ended, &end
	s.log.Info("ended", "segments", s.held.sealed())
	s.wake()
}
