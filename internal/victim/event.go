package victim

import "time"

// The events of a service's life, in the order in which they can come. A log
// holds them as JSON lines, one Event each.
const (
	Started        = "started"         // the process runs
	Listening      = "listening"       // connections are accepted
	Sigterm        = "sigterm"         // the first SIGTERM was received; later ones are not logged
	ListenerClosed = "listener-closed" // new connections are refused
	Draining       = "draining"        // only requests in flight keep it alive
	Exiting        = "exiting"         // written just before what is left is cut
	RequestStart   = "request-start"   // the header of a request was read
	RequestEnd     = "request-end"     // its whole answer is with the kernel, in HTTP/2 but for the frame that ends it, in gRPC with the server's writer, or nobody waits for it any more
)

// Event is one line of the log.
type Event struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
	Pod   string    `json:"pod"`

	Addr     string `json:"addr,omitempty"`     // Listening: the address
	GRPCAddr string `json:"grpcAddr,omitempty"` // Listening: the one for gRPC

	// InFlight lists the requests without a complete answer, oldest first.
	// Sigterm, Draining and Exiting have it, be it empty. A client may have its
	// answer some microseconds before the request is off the list; what Exiting
	// lists gets no more of its answer.
	InFlight []Request `json:"inFlight,omitzero"`

	Code   *int   `json:"code,omitempty"`   // Exiting: the exit code
	Reason string `json:"reason,omitempty"` // Exiting: why

	Request *Request `json:"request,omitempty"` // RequestStart, RequestEnd
	Status  int      `json:"status,omitempty"`  // RequestEnd: 0 if it was not answered

	GRPCStatus string `json:"grpcStatus,omitempty"` // RequestEnd: the name of the status, such as Unavailable
}

// Request identifies one request, or one call of gRPC, whose headers are metadata.
type Request struct {
	Stream      string    `json:"stream,omitempty"`      // header X-Vegeta-Attack
	Seq         string    `json:"seq,omitempty"`         // header X-Vegeta-Seq
	Traceparent string    `json:"traceparent,omitempty"` // header traceparent
	Path        string    `json:"path"`                  // in gRPC the method
	Remote      string    `json:"remote"`                // the client's address and port, as seen here
	Started     time.Time `json:"started"`
}
