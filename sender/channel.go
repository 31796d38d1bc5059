package sender

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Port is where a sender listens, on the loopback of its pod alone: what reaches it
// comes through the API server's port-forward, or from the pod itself.
const Port = 7365

// Version is that of the channel. A conductor and a sender of different versions do
// not work together.
const Version = 3

// Silence is how long a sender goes on without hearing of its conductor.
const Silence = 15 * time.Second

// Patience is how long a sender that has just begun waits for its assignment.
const Patience = 2 * time.Minute

// MinToken is how many bytes a token has at least.
const MinToken = 16

// The channel's requests: JSON over HTTP. Each bears a secret of the conductor's as
// "Authorization: Bearer TOKEN", of at least MinToken bytes; whoever assigns first is the
// conductor. An error is answered with a status of 400 and above and Problem as its
// body. Each request may be repeated: what was done already is answered in the same way.
//
// A sender ends with all that it knows in Status. Its program waits in the state Ended
// until the conductor has kept all segments and makes one more request after an answer
// has told it of the end: a Poll whose Kept is Sealed, or a Stop.
const (
	PathAssign = "/v1/assign" // PUT Assignment; answers Status
	PathPoll   = "/v1/poll"   // POST Poll; answers Status
	PathStart  = "/v1/start"  // POST Start, whose time has not come yet; answers Status
	PathRenew  = "/v1/renew"  // POST; answers Status
	PathStop   = "/v1/stop"   // POST Stop; answers Status
	// PathSegments and a number give a sealed segment, GET; 404 for one that was
	// acknowledged.
	PathSegments = "/v1/segments/"
)

// Assignment is what a sender has to send. Nothing of it stands in an object of the
// cluster. On its way it has the values that its JSON hides beside it.
type Assignment struct {
	Version int `json:"version"`
	// Sender is this sender's index, of Senders in all.
	Sender  int `json:"sender"`
	Senders int `json:"senders"`
	// Streams and Target are the whole check's, with their defaults and with the values
	// of its headers, bodies and files.
	Streams []check.Stream `json:"streams"`
	Target  check.Target   `json:"target"`
	// Files are the contents of the files that Streams and Target name, by the names
	// that they have there.
	Files     map[string][]byte   `json:"files,omitempty"`
	TraceBase recording.TraceBase `json:"traceBase,omitzero"`
	// Names are as attack.Config has them; the domain is that of the sender's resolver.
	Names map[string]string `json:"names,omitempty"`
}

// Start tells when to begin. The sender's clock becomes the run's: its own monotonic
// one less Offset.
type Start struct {
	// At is when the schedule begins, by the run's clock.
	At time.Time `json:"at"`
	// Offset is by how much the sender's own clock is ahead of the run's, in
	// nanoseconds. That of the first request stands.
	Offset time.Duration `json:"offset"`
}

// Poll asks how far a sender is, and tells that its conductor lives.
type Poll struct {
	// Kept is the number of the last segment that the conductor has written to its disk,
	// with all before it: the sender may forget them.
	Kept int `json:"kept"`
}

// Stop ends the schedule.
type Stop struct {
	// Abort cuts what is in flight, instead of waiting for it.
	Abort bool `json:"abort,omitempty"`
}

// State is what a sender is at.
type State string

// The states of a sender in their order.
const (
	Waiting  State = "waiting"  // for its assignment
	Assigned State = "assigned" // and able to start
	Sending  State = "sending"  // or waiting for its start
	Stopping State = "stopping" // waiting for the requests in flight
	Ended    State = "ended"    // all is sealed
)

// Status is how far a sender is.
type Status struct {
	// Now is the sender's clock when it answered: its own one until Start, and that of
	// the run from then on.
	Now   time.Time `json:"now"`
	State State     `json:"state"`
	// Streams are in the order of the assignment.
	Streams []StreamStatus `json:"streams,omitempty"`
	// Answered are the pods that answers with the expected status have named, in order;
	// of very many only the first.
	Answered []string `json:"answered,omitempty"`
	// Sealed is the number of the last sealed segment; they count from 1.
	Sealed int `json:"sealed"`
	// Segments are those that are sealed and not kept by the conductor yet, by number.
	Segments []Segment `json:"segments,omitempty"`
	// Window is nil before the first Window.
	Window *WindowStatus `json:"window,omitempty"`
	// End is set in the state Ended.
	End *End `json:"end,omitempty"`
}

// StreamStatus is how far a stream is.
type StreamStatus struct {
	Name   string `json:"name"`
	Sent   uint64 `json:"sent"`
	OK     uint64 `json:"ok"`
	Failed uint64 `json:"failed"`
	Client uint64 `json:"client"`
	// Redirected tells that there were answers, and each was a redirect that named no pod.
	Redirected bool `json:"redirected,omitempty"`
	// Spread is as recording.StreamEnd has it.
	Spread map[string]int `json:"spread,omitempty"`
}

// Segment is a sealed segment of samples, as a recording holds it.
type Segment struct {
	Number  int    `json:"number"`
	Samples int    `json:"samples"`
	Bytes   int64  `json:"bytes"`
	CRC32C  uint32 `json:"crc32c"`
}

// End is what a sender knows of its load when all of it is sealed.
type End struct {
	Streams []recording.StreamEnd `json:"streams"`
	Client  recording.Client      `json:"client"`
	// Problem is why it ended by itself; empty where it was told to.
	Problem string `json:"problem,omitempty"`
}

// Problem is what a sender answers to a request that it does not carry out.
type Problem struct {
	Error string `json:"error"`
	// Field is the place in the check that is at fault, if one is.
	Field string `json:"field,omitempty"`
}
