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
	mu      sync.Mutex
	open    map[*Request]bool // true while a part of its answer is being written
	left    bool              // from now on nothing is written
	written chan struct{}     // closed when left and nothing is being written; nil until left
	opened  int               // pieces of work begun so far
}

func (q *requests) begin(req Request) *Request {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open == nil {
		q.open = map[*Request]bool{}
	}
	q.open[&req] = false
	return &req
}

func httpRequest(r *http.Request) Request {
	return Request{
		Stream:      r.Header.Get("X-Vegeta-Attack"),
		Seq:         r.Header.Get("X-Vegeta-Seq"),
		Traceparent: r.Header.Get("Traceparent"),
		Path:        r.URL.RequestURI(),
		Remote:      r.RemoteAddr,
		Started:     time.Now().UTC(),
	}
}

func (q *requests) end(req *Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, req)
	q.settle()
}

// write tells whether a part of the request's answer may be written. If so, the
// request ends, or wrote is called, when the kernel has that part.
func (q *requests) write(req *Request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left {
		return false
	}
	q.open[req] = true
	return true
}

func (q *requests) wrote(req *Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open[req] = false
	q.settle()
}

// hasLeft tells whether nothing is written any more. A message of gRPC that was just
// begun may get out: its call is listed as in flight all the same.
func (q *requests) hasLeft() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left
}

// leave lists what gets no answer, or no more of it. Parts are small: the kernel
// takes them even if a client does not.
func (q *requests) leave() []Request {
	q.mu.Lock()
	q.left = true
	q.written = make(chan struct{})
	written := q.written
	q.settle()
	q.mu.Unlock()
	<-written
	return q.inFlight()
}

func (q *requests) settle() {
	if q.written == nil {
		return
	}
	for _, writing := range q.open {
		if writing {
			return
		}
	}
	close(q.written)
	q.written = nil
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
