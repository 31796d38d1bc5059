package victim

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// requests knows what is in flight: from the moment a request's header is read
// until its whole answer is with the kernel.
type requests struct {
	mu     sync.Mutex
	open   map[*Request]struct{}
	opened int // pieces of work begun so far
}

func (q *requests) begin(r *http.Request) *Request {
	req := &Request{
		Stream:  r.Header.Get("X-Vegeta-Attack"),
		Seq:     r.Header.Get("X-Vegeta-Seq"),
		Path:    r.URL.RequestURI(),
		Remote:  r.RemoteAddr,
		Started: time.Now().UTC(),
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open == nil {
		q.open = map[*Request]struct{}{}
	}
	q.open[req] = struct{}{}
	return req
}

func (q *requests) end(req *Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, req)
}

// countWork returns how many pieces of work there have been, this one included.
func (q *requests) countWork() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opened++
	return q.opened
}

// inFlight is never nil, so that an empty list is logged as one.
func (q *requests) inFlight() []Request {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Request, 0, len(q.open))
	for req := range q.open {
		list = append(list, *req)
	}
	slices.SortFunc(list, func(a, b Request) int { return a.Started.Compare(b.Started) })
	return list
}
