package victim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

// maxSlow bounds /slow, so that a mistyped duration cannot pin a connection for hours.
const maxSlow = 5 * time.Minute

const pageSize = 4096

// ServeHTTP answers one request as the configuration wants it.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.conns.begin(r)
	req := s.requests.begin(r)
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

	status, body, err := s.serve(r)
	if err != nil {
		panic(http.ErrAbortHandler) // else the server would answer 200 of its own accord
	}
	if s.answer(w, status, body) == nil {
		answered = status
	}
}

// serve does what a path does and takes the time it takes. It fails if nobody
// waits for the answer any more.
func (s *service) serve(r *http.Request) (status int, body string, err error) {
	ctx := r.Context()
	work := r.URL.Path == "/" || r.URL.Path == "/slow"
	if work && s.cfg.ExitAfterRequests > 0 && s.requests.countWork() > s.cfg.ExitAfterRequests {
		s.crash()
		<-ctx.Done()
		return 0, "", ctx.Err()
	}

	if s.workers != nil {
		select {
		case s.workers <- struct{}{}:
			defer func() { <-s.workers }()
		case <-ctx.Done():
			return 0, "", ctx.Err()
		}
	}

	if work && s.starting.Load() {
		return http.StatusServiceUnavailable, "starting\n", nil
	}
	if work {
		s.allocate()
	}
	switch r.URL.Path {
	case "/":
		return s.cfg.Status, "ok\n", pause(ctx, s.cfg.HandlerTime)
	case "/slow":
		d, err := time.ParseDuration(r.URL.Query().Get("for"))
		if err != nil || d < 0 || d > maxSlow {
			return http.StatusBadRequest, "for: want a duration from 0s to " + maxSlow.String() + "\n", nil
		}
		return http.StatusOK, "ok\n", pause(ctx, d)
	case "/healthz":
		return http.StatusOK, "ok\n", nil
	case "/readyz":
		if err := s.ready(); err != nil {
			return http.StatusServiceUnavailable, err.Error() + "\n", nil
		}
		return http.StatusOK, "ok\n", nil
	}
	return http.StatusNotFound, "not found\n", nil
}

// answer decides by the state at the time of the answer: a request that was in
// flight at SIGTERM is told of it too. It returns when the kernel has it all.
func (s *service) answer(w http.ResponseWriter, status int, body string) error {
	if s.terminating.Load() {
		if s.cfg.SigtermStatus != 0 {
			status = s.cfg.SigtermStatus
			body = http.StatusText(status) + "\n"
		}
		if s.cfg.KeepAlive == Announce { // with HTTP/2 the server makes a GOAWAY of it
			w.Header().Set("Connection", "close")
		}
	}
	if s.cfg.PodName != "" {
		w.Header().Set("X-Pod-Name", s.cfg.PodName)
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return http.NewResponseController(w).Flush()
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // else a flush would leave the last chunk for later
	w.WriteHeader(status)
	if _, err := io.WriteString(w, body); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
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
