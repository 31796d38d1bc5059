package sender

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// PathWindow takes a Window, PUT, once the sender has begun; answers Status.
const PathWindow = "/v1/window"

// mostWindow bounds the bytes of a Window: some hundred for each pod that ends at once.
const mostWindow = 1 << 20

// Window is the whole list of the pods that are to be asked on their own addresses. It
// takes the place of the one before.
type Window struct {
	// Number rises from 1 with each list. One that is not higher than the last changes
	// nothing.
	Number uint64 `json:"number"`
	// Path, with its query, is what is asked for; Rate is how often each pod is asked in a
	// second.
	Path string  `json:"path"`
	Rate float64 `json:"rate"`
	// Try is a pod that is not ending and is to be asked once, so that it is known whether
	// pods answer there at all; nil for none. What came of it stands in Status.
	Try *ProbedPod `json:"try,omitempty"`
	// Ending are those that are asked until they refuse or are gone.
	Ending []ProbedPod `json:"ending,omitempty"`
}

// ProbedPod is a pod and its own address.
type ProbedPod struct {
	UID string `json:"uid"`
	// Address is HOST:PORT.
	Address string `json:"address"`
	// Names are those by which its answers may name it: another's name tells that the
	// address is another pod's by now. None takes any.
	Names []string `json:"names,omitempty"`
}

// WindowStatus is how far a sender is with its window.
type WindowStatus struct {
	// Number is that of the list it goes by.
	Number uint64 `json:"number"`
	// Tried is what came of Try; nil before that is known.
	Tried *Tried `json:"tried,omitempty"`
}

// Tried is what came of asking a pod on its own address.
type Tried struct {
	UID string `json:"uid"`
	// Problem is why that was no answer as the check expects it; empty where it was one.
	Problem string `json:"problem,omitempty"`
	// Status tells that the problem is what it answered, be it by its status, its
	// grpc-status or its body, not that it did not.
	Status bool `json:"status,omitempty"`
	// Pod is the one that the answer named; empty where it named none.
	Pod string `json:"pod,omitempty"`
}

// Window gives the sender the list of the pods that it is to ask.
func (c *Client) Window(ctx context.Context, w Window) (Status, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return Status{}, fmt.Errorf("encode %s: %w", PathWindow, err)
	}
	return c.status(ctx, http.MethodPut, PathWindow, body)
}

// window takes a list. When nothing is sent any more nobody is asked.
func (s *Server) window(w Window) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case Waiting, Assigned:
		return unfit("this sender has not begun yet")
	case Sending:
		if err := s.load.prober.Set(w); err != nil {
			return bad("%v", err)
		}
	}
	return nil
}
