package sender

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/attack"
)

// PathBackends tells what the balancer that the senders play knows, PUT Backends; answers
// Status.
const PathBackends = "/v1/backends"

// mostBackends bounds the body of that in bytes: some 20,000 pods.
const mostBackends = 4 << 20

// Backends are all the pods that a played balancer knows, or will know at a time to come.
type Backends struct {
	// Number rises with each change. What comes with a lower one is late, and dropped.
	Number uint64 `json:"number"`
	// Sets are the pods by the host (and port) of the URLs that lead to them.
	Sets map[string][]Backend `json:"sets"`
}

// Backend is one of them, as attack has it.
type Backend = attack.Backend

// Balancer is what a process that sends knows of the pods. Its zero value knows none.
type Balancer struct {
	// Known is what its streams look at.
	Known attack.Backends

	mu     sync.Mutex
	number uint64
}

// Know takes what is newer than what is known.
func (b *Balancer) Know(told Backends) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if told.Number > b.number {
		b.number = told.Number
		b.Known.Know(told.Sets)
	}
}

// Backends tells the sender what its balancer knows.
func (c *Client) Backends(ctx context.Context, b Backends) (Status, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return Status{}, fmt.Errorf("encode %s: %w", PathBackends, err)
	}
	return c.status(ctx, http.MethodPut, PathBackends, body)
}

func (s *Server) serveBackends(w http.ResponseWriter, r *http.Request) {
	err := s.admit(r)
	var data []byte
	if err == nil {
		data, err = readAll(w, r, mostBackends)
	}
	var told Backends
	if err == nil {
		err = unmarshal(data, &told)
	}
	if err == nil {
		s.balancer.Know(told)
	}
	s.answer(w, err)
}
