package victim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

// maxLong bounds /slow and /stream, so that a mistyped duration cannot pin a
// connection for hours.
const maxLong = 5 * time.Minute

// streamPause is how long a stream waits between its parts.
const streamPause = 100 * time.Millisecond

const pageSize = 4096

// ServeHTTP answers one request as the configuration wants it.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.conns.begin(r)
	req := s.requests.begin(httpRequest(r))
	if s.cfg.LogRequests {
		s.log.write(Event{Time: req.Started, Event: RequestStart, Request: req})
	}
	answered := 0
	defer func() {
		s.requests.end(req)
		if s.cfg.LogRequests {
			s.log.write(Event{Event: RequestEnd, Request: req, Status: answered})
		}
	}()

	// Only behind the body does the server notice that the client went away.
	_, _ = io.Copy(io.Discard, r.Body)

	status, err := s.serve(w, r, req)
	if err != nil {
		panic(http.ErrAbortHandler) // else the server would end the answer of its own accord
	}
	answered = status
}

// reply is what a request is answered with.
type reply struct {
	status int
	body   string
	// streams is for how long the body goes on, a part of it at a time.
	streams time.Duration
}

// serve answers a request, and fails if nobody waits for that any more.
func (s *service) serve(w http.ResponseWriter, r *http.Request, req *Request) (status int, err error) {
	ctx := r.Context()
	work := slices.Contains([]string{"/", "/slow", "/stream"}, r.URL.Path)
	if work && s.cfg.ExitAfterRequests > 0 && s.requests.countWork() > s.cfg.ExitAfterRequests {
		s.crash()
		return 0, gone(ctx)
	}

	if s.workers != nil {
		select {
		case s.workers <- struct{}{}:
			defer func() { <-s.workers }()
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}

	if work && s.starting.Load() {
		return s.answer(ctx, w, req, reply{status: http.StatusServiceUnavailable, body: "starting\n"})
	}
	if work {
		s.allocate()
	}
	reply, err := s.work(r)
	if err != nil {
		return 0, err
	}
	return s.answer(ctx, w, req, reply)
}

// work does what a path does before its answer begins, and takes the time it takes.
func (s *service) work(r *http.Request) (reply, error) {
	switch r.URL.Path {
	case "/":
		return reply{status: s.cfg.Status, body: "ok\n"}, pause(r.Context(), s.cfg.HandlerTime)
	case "/slow", "/stream":
		d, err := time.ParseDuration(r.URL.Query().Get("for"))
		if err != nil || d < 0 || d > maxLong {
			return reply{status: http.StatusBadRequest, body: "for: want a duration from 0s to " + maxLong.String() + "\n"}, nil
		}
		if r.URL.Path == "/stream" {
			return reply{status: http.StatusOK, body: "part\n", streams: d}, nil
		}
		return reply{status: http.StatusOK, body: "ok\n"}, pause(r.Context(), d)
	case "/healthz":
		return reply{status: http.StatusOK, body: "ok\n"}, nil
	case "/readyz":
		if err := s.ready(); err != nil {
			return reply{status: http.StatusServiceUnavailable, body: err.Error() + "\n"}, nil
		}
		return reply{status: http.StatusOK, body: "ok\n"}, nil
	}
	return reply{status: http.StatusNotFound, body: "not found\n"}, nil
}

// answer decides by the state at the time of the answer: a request that was in
// flight at SIGTERM is told of it too. It returns when the kernel has it all.
func (s *service) answer(ctx context.Context, w http.ResponseWriter, req *Request, a reply) (status int, err error) {
	if !s.requests.write(req) {
		return 0, gone(ctx)
	}
	if s.terminating.Load() {
		if s.cfg.SigtermStatus != 0 {
			a = reply{status: s.cfg.SigtermStatus, body: http.StatusText(s.cfg.SigtermStatus) + "\n"}
		}
		if s.cfg.KeepAlive == Announce { // with HTTP/2 the server makes a GOAWAY of it
			w.Header().Set("Connection", "close")
		}
	}
	if s.cfg.PodName != "" {
		w.Header().Set("X-Pod-Name", s.cfg.PodName)
	}
	flush := http.NewResponseController(w).Flush
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		w.WriteHeader(a.status)
		return a.status, flush()
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	parts := 1 + int(a.streams/streamPause)
	// Without a length a flush would leave the last chunk for later.
	w.Header().Set("Content-Length", strconv.Itoa(parts*len(a.body)))
	w.WriteHeader(a.status)
	for part := range parts {
		if part > 0 {
			s.requests.wrote(req)
			if err := pause(ctx, streamPause); err != nil {
				return 0, err
			}
			if !s.requests.write(req) {
				return 0, gone(ctx)
			}
		}
		if _, err := io.WriteString(w, a.body); err != nil {
			return 0, err
		}
		if err := flush(); err != nil {
			return 0, err
		}
	}
	return a.status, nil
}

// gone waits until the connection of a service that has left is cut: an answer
// that failed before would tell the client.
func gone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *service) ready() error {
	if s.cfg.NeverReady {
		return errors.New("never ready")
	}
	if s.cfg.SigtermUnready && s.terminating.Load() {
		return errors.New("shutting down")
	}
	if s.cfg.ReadyFile != "" {
		if _, err := os.Stat(s.cfg.ReadyFile); err != nil {
			return err
		}
	}
	return nil
}

// allocate writes to every page: memory that was never written to is not
// resident, and counts for no limit.
func (s *service) allocate() {
	if s.cfg.AllocPerRequest == 0 {
		return
	}
	b := make([]byte, s.cfg.AllocPerRequest)
	for i := 0; i < len(b); i += pageSize {
		b[i] = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, b)
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
