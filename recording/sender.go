package recording

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Sender is one of the pods that sent a run's requests from inside the cluster. A
// stream's schedule is divided among them: the sender with Index i of n sends the
// requests whose Seq is i modulo n.
type Sender struct {
	// Index counts the senders of a run from 0.
	Index int    `json:"index"`
	Pod   string `json:"pod"`
	UID   string `json:"uid"`
	Node  string `json:"node"`
}

// SenderEnd is what is known of a sender at the end of its load.
type SenderEnd struct {
	Index int `json:"index"`
	// Streams are its shares of the check's streams; those of one that was lost are
	// what it had told last.
	Streams []StreamEnd `json:"streams"`
	// Client is nil where it was not told.
	Client *Client `json:"client,omitempty"`
	// Lost is why nothing more came from it before the load ended; empty where all that
	// it sent is recorded. LostAt is when it was heard last.
	Lost   string    `json:"lost,omitempty"`
	LostAt time.Time `json:"lostAt,omitzero"`
}

// ClockOffset bounds by how much a sender's clock, by which its samples have their
// times, was ahead of the run's clock (that of everything else that is recorded). A
// round trip gives the bounds: the sender's time lies between its asking and its
// answer.
type ClockOffset struct {
	From check.Duration `json:"from"`
	To   check.Duration `json:"to"`
}
