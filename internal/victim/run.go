package victim

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Exit codes besides the configured one.
const (
	codeDrained = 0
	codeFailed  = 1   // could not listen
	codeUsage   = 2   // unusable configuration
	codeKilled  = 137 // what a container's runtime reports for SIGKILL
)

type service struct {
	cfg Config
	log *eventLog

	server   *http.Server
	grpc     *grpcServer // nil: none
	requests requests
	conns    connections
	workers  chan struct{} // nil: no limit
	crashed  chan struct{} // holds one token once work has ended the process

	starting    atomic.Bool // listening, but unable to serve yet
	terminating atomic.Bool // SIGTERM was received

	mu   sync.Mutex
	held [][]byte // memory that is never given back
}

// Run serves until the service leaves and returns the exit code that its
// process should have. Every signal it receives counts as a SIGTERM. The log
// goes to stdout. When Run returns, all connections are cut.
//
// A cancelled ctx is its SIGKILL: it is gone at once and logs nothing.
func Run(ctx context.Context, cfg Config, signals <-chan os.Signal, stdout io.Writer) (exitCode int, err error) {
	log, err := openLog(cfg, stdout)
	if err != nil {
		return codeUsage, err
	}
	defer log.close()

	s := &service{cfg: cfg, log: log, crashed: make(chan struct{}, 1)}
	if cfg.Workers > 0 {
		s.workers = make(chan struct{}, cfg.Workers)
	}
	s.server = &http.Server{
		Handler:           s,
		Protocols:         new(http.Protocols),
		ConnContext:       s.conns.name,
		ConnState:         s.conns.track,
		ReadHeaderTimeout: 10 * time.Second,
	}
	s.server.Protocols.SetHTTP1(true)
	s.server.Protocols.SetUnencryptedHTTP2(true)
	defer func() { _ = s.server.Close() }()
	if cfg.GRPCAddr != "" {
		s.grpc = newGRPCServer(s)
		defer s.grpc.stop()
	}
	return s.run(ctx, signals)
}

func (s *service) run(ctx context.Context, signals <-chan os.Signal) (int, error) {
	s.log.write(Event{Event: Started})

	var listener, calls net.Listener // nil until it listens; calls is that of gRPC
	accepting := make(chan struct{}) // closed when the server knows all that were accepted
	listen := func() (err error) {
		var lc net.ListenConfig
		if listener, err = lc.Listen(ctx, "tcp", s.cfg.Addr); err != nil {
			return err
		}
		listening := Event{Event: Listening, Addr: listener.Addr().String()}
		if s.grpc != nil {
			if calls, err = lc.Listen(ctx, "tcp", s.cfg.GRPCAddr); err != nil {
				_ = listener.Close()
				return err
			}
			listening.GRPCAddr = calls.Addr().String()
			s.grpc.serve(calls)
		}
		s.log.write(listening)
		go func(l net.Listener) {
			defer close(accepting)
			_ = s.server.Serve(l)
		}(listener)
		return nil
	}

	var startup <-chan time.Time // nil once it can serve, or never will
	if s.cfg.StartDelay > 0 {
		startup = time.After(s.cfg.StartDelay)
	}
	if s.cfg.StartDelay == 0 || s.cfg.StartMode == StartReady {
		s.starting.Store(s.cfg.StartDelay > 0)
		if err := listen(); err != nil {
			return codeFailed, err
		}
	}

	var delay <-chan time.Time            // runs from SIGTERM on
	var quiet, quietCalls <-chan struct{} // while draining; quietCalls is gRPC's
	for {
		select {
		case <-startup:
			startup = nil
			s.starting.Store(false)
			if listener == nil {
				if err := listen(); err != nil {
					return codeFailed, err
				}
			}

		case <-signals:
			if s.cfg.OnSigterm == Exit && s.cfg.SigtermDelay == 0 {
				// What is gone at once has no time to answer otherwise than before.
				s.log.write(Event{Event: Sigterm, InFlight: s.requests.inFlight()})
				return s.leave(s.cfg.ExitCode, "SIGTERM"), nil
			}
			if !s.sigterm(time.Now()) {
				continue
			}
			if s.cfg.OnSigterm != Ignore {
				delay = time.After(s.cfg.SigtermDelay)
			}

		case <-delay:
			if s.cfg.OnSigterm == Exit {
				return s.leave(s.cfg.ExitCode, "SIGTERM"), nil
			}
			startup = nil
			if listener != nil {
				_ = listener.Close()
				if calls != nil {
					_ = calls.Close()
				}
				s.log.write(Event{Event: ListenerClosed})
				<-accepting
			}
			s.log.write(Event{Event: Draining, InFlight: s.requests.inFlight()})
			quiet = s.conns.waitQuiet()
			if calls != nil {
				quietCalls = s.grpc.drain()
			}

		case <-quiet:
			if quiet = nil; quietCalls == nil {
				return s.leave(codeDrained, "drained"), nil
			}

		case <-quietCalls:
			if quietCalls = nil; quiet == nil {
				return s.leave(codeDrained, "drained"), nil
			}

		case <-s.crashed:
			return s.leave(s.cfg.ExitCode, "VICTIM_EXIT_AFTER_REQUESTS"), nil

		case <-ctx.Done():
			return codeKilled, nil
		}
	}
}

// sigterm changes how requests are answered; it tells whether this was the
// first signal.
func (s *service) sigterm(received time.Time) bool {
	if s.terminating.Swap(true) {
		return false
	}
	s.log.write(Event{Time: received, Event: Sigterm, InFlight: s.requests.inFlight()})
	switch s.cfg.KeepAlive {
	case Announce:
		s.conns.goAway()
	case Close:
		s.conns.dropIdle()
	case Cut:
		s.conns.cut()
	}
	if s.grpc != nil {
		s.grpc.sigterm()
	}
	return true
}

// leave logs before anything is cut: what it lists in flight gets no more of its
// answer.
func (s *service) leave(code int, reason string) int {
	s.log.write(Event{Event: Exiting, InFlight: s.requests.leave(), Code: &code, Reason: reason})
	s.log.close()
	return code
}

// crash ends the service from within a handler.
func (s *service) crash() {
	select {
	case s.crashed <- struct{}{}:
	default:
	}
}
