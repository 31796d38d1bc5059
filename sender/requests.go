package sender

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// What the bodies of requests are bounded by.
const (
	// mostAssigned holds the largest files that a check may name, in base64.
	mostAssigned = 2*check.MostTargets + 1<<20
	mostAsked    = 16 << 10
)

// handler serves the channel.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT "+PathAssign, s.serveAssign)
	mux.HandleFunc("PUT "+PathWindow, serveLong(s, mostWindow, s.window))
	mux.HandleFunc("POST "+PathPoll, serve(s, s.poll))
	mux.HandleFunc("POST "+PathStart, serve(s, s.begin))
	mux.HandleFunc("POST "+PathRenew, serve(s, func(struct{}) error { return s.renew() }))
	mux.HandleFunc("POST "+PathStop, serve(s, func(stop Stop) error { s.interrupt(stop.Abort); return nil }))
	mux.HandleFunc("PUT "+PathBackends, s.serveBackends)
	mux.HandleFunc("GET "+PathSegments+"{number}", s.serveSegment)
	return mux
}

// refusal is why a request is not carried out.
type refusal struct {
	status int
	why    string
	field  string
}

func (r *refusal) Error() string { return r.why }

// unfit is a refusal of what does not fit the sender's state.
func unfit(format string, args ...any) error {
	return &refusal{status: http.StatusConflict, why: fmt.Sprintf(format, args...)}
}

// bad is a refusal of what is wrong with the request itself.
func bad(format string, args ...any) error {
	return &refusal{status: http.StatusBadRequest, why: fmt.Sprintf(format, args...)}
}

// answer writes what became of a request.
func (s *Server) answer(w http.ResponseWriter, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	status := s.status()
	send(w, http.StatusOK, status)
	if status.State == Ended {
		s.mu.Lock()
		s.told = true
		s.mu.Unlock()
	}
}

func refuse(w http.ResponseWriter, err error) {
	status, problem := http.StatusBadRequest, Problem{Error: firstLine(err)}
	if refused, ok := errors.AsType[*refusal](err); ok {
		status, problem.Field = refused.status, refused.field
	}
	if field, ok := errors.AsType[*check.FieldError](err); ok {
		problem = Problem{Error: field.Problem, Field: field.Field}
	}
	send(w, status, problem)
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a conductor that has not read it asks again
}

// firstLine is what is told of an error to somebody who reads one line.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// token gives the secret that a request bears.
func token(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// admit lets the conductor's requests in, which tell that it lives.
func (s *Server) admit(r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" {
		return unfit("nothing was assigned to this sender")
	}
	if subtle.ConstantTimeCompare([]byte(s.token), []byte(token(r))) != 1 {
		return &refusal{status: http.StatusForbidden, why: "this sender has another conductor"}
	}
	s.heard = s.own()
	return nil
}

func (s *Server) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = s.own()
}

// farewell sees that a request comes after all was told, by an answer before it, and kept.
func (s *Server) farewell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.complete() {
		s.collected = true
		s.wake()
	}
}

// serve serves a request of the conductor's that is answered with the status.
func serve[T any](s *Server, do func(T) error) http.HandlerFunc {
	return serveLong(s, mostAsked, do)
}

// serveLong does so for one whose body may have so many bytes.
func serveLong[T any](s *Server, most int64, do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var asked T
		err := s.admit(r)
		if err == nil {
			err = read(w, r, &asked, most)
		}
		if err == nil {
			err = do(asked)
		}
		if err == nil {
			s.farewell()
		}
		s.answer(w, err)
	}
}

func read(w http.ResponseWriter, r *http.Request, into any, most int64) error {
	data, err := readAll(w, r, most)
	if err != nil {
		return err
	}
	return unmarshal(data, into)
}

func readAll(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, why: fmt.Sprintf("the body is longer than %d bytes", most)}
	}
	if err != nil {
		return nil, bad("read the body: %v", err)
	}
	return data, nil
}

func (s *Server) serveAssign(w http.ResponseWriter, r *http.Request) {
	err := s.claimable(r)
	var data []byte
	if err == nil {
		data, err = readAll(w, r, mostAssigned)
	}
	var a Assignment
	if err == nil {
		a, err = decode(data)
	}
	if err == nil {
		err = s.lookup(r.Context(), &a)
	}
	if err == nil {
		err = s.assign(token(r), a)
	}
	s.answer(w, err)
}

// claimable refuses a stranger before the body is read.
func (s *Server) claimable(r *http.Request) error {
	if state, _, _ := s.remains(); state != Waiting {
		return s.admit(r)
	}
	if len(token(r)) < MinToken {
		return &refusal{status: http.StatusForbidden, why: fmt.Sprintf("want a token of at least %d bytes", MinToken)}
	}
	return nil
}

func (s *Server) serveSegment(w http.ResponseWriter, r *http.Request) {
	if err := s.admit(r); err != nil {
		refuse(w, err)
		return
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	segment, ok := s.held.get(number)
	if err != nil || !ok {
		refuse(w, &refusal{status: http.StatusNotFound, why: "no such segment is held: it was kept, or is not sealed yet"})
		return
	}
	w.Header().Set("Content-Type", "application/vnd.apache.parquet")
	w.Header().Set("Content-Length", strconv.Itoa(len(segment.Data)))
	for part := range slices.Chunk(segment.Data, 64<<10) {
		if _, err := w.Write(part); err != nil {
			return // a conductor that has not read it asks again
		}
		s.hear() // over a slow line no other request may come for long
	}
}
