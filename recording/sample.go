package recording

import "time"

// NotReached marks a point of a request that it never came to.
const NotReached time.Duration = -1

// Outcome is what became of a request. Each request has exactly one, so that
// sent = ok + failed + client + unfinished.
type Outcome string

const (
	// OK is an answer as expected, read to its end.
	OK Outcome = "ok"
	// Failed is a request that the service did not answer as expected.
	Failed Outcome = "failed"
	// ClientFault is a request that failed on our own side (name resolution,
	// ports, descriptors). It says nothing about the workload.
	ClientFault Outcome = "client"
	// Unfinished is a request that was still in flight when the run was cut
	// short.
	Unfinished Outcome = "unfinished"
)

// Phase is the step of a request at which it failed.
type Phase string

// The phases, in the order in which a request goes through them.
const (
	PhaseResolve   Phase = "resolve"
	PhaseDial      Phase = "dial"
	PhaseTLS       Phase = "tls"
	PhaseWrite     Phase = "write"
	PhaseFirstByte Phase = "first-byte"
	PhaseHeader    Phase = "header"
	PhaseBody      Phase = "body"
	// PhaseDone is a complete answer that was not the expected one.
	PhaseDone Phase = "done"
)

// Class is the kind of a failure, taken from typed errors, never from texts.
type Class string

// The classes of failures.
const (
	ClassRefused     Class = "refused"
	ClassReset       Class = "reset"
	ClassEOF         Class = "eof"
	ClassTimeout     Class = "timeout"
	ClassUnreachable Class = "unreachable"
	// ClassNoBackend is a request that came when the balancer which the senders play knew
	// no pod.
	ClassNoBackend Class = "no-backend"
	// ClassStatus is a status that was not expected.
	ClassStatus Class = "status"
	// ClassWrongBody is a whole answer of an expected status whose body was not the
	// expected one.
	ClassWrongBody Class = "wrong-body"
	// ClassGRPCStatus is a whole answer of gRPC, of an expected status, whose grpc-status
	// says that the call failed.
	ClassGRPCStatus Class = "grpc-status"
	// ClassBodyCut is an answer that ended before its announced length.
	ClassBodyCut Class = "body-cut"
	// ClassMalformed is something that is not an HTTP response.
	ClassMalformed Class = "malformed"
	// ClassTLS is a failed handshake.
	ClassTLS Class = "tls"
	// ClassGoAway, ClassRefusedStream and ClassStreamReset are HTTP/2's ways to end
	// a request: its connection was told to close (GOAWAY), it was turned away
	// (RST_STREAM with REFUSED_STREAM), or ended with another code.
	ClassGoAway        Class = "goaway"
	ClassRefusedStream Class = "refused-stream"
	ClassStreamReset   Class = "stream-reset"
	// ClassResolve, ClassPorts and ClassDescriptors are the client's own faults.
	ClassResolve     Class = "resolve"
	ClassPorts       Class = "ports"
	ClassDescriptors Class = "descriptors"
	// ClassOther is a failure that no rule knows.
	ClassOther Class = "other"
)

// Answered tells whether a failure of this class is a whole answer that was not the expected
// one: somebody had read the request.
func (c Class) Answered() bool {
	return c == ClassStatus || c == ClassWrongBody || c == ClassGRPCStatus
}

// Sample is one request of a stream, with all that is known about it.
type Sample struct {
	Stream string
	// Sender is the index of the sender in Header.Senders; 0 where the program itself
	// sent.
	Sender int
	// Seq counts the stream's requests from 0 in the order in which they are due, over
	// all senders.
	Seq uint64
	// Scheduled is when the open loop wanted the request to be sent.
	Scheduled time.Time

	// The points below are measured from Scheduled; NotReached where the
	// request never came to them. Latency counts from Scheduled to End, so
	// that a stall is not hidden by our own lateness.
	Sent      time.Duration // taken up by a worker
	Resolved  time.Duration // the service's name was looked up for it; NotReached where that failed or none was asked for
	Acquired  time.Duration // a connection was at hand (dialled or reused)
	Written   time.Duration // the request was written
	FirstByte time.Duration // the first byte of the answer came
	End       time.Duration // answered to the last byte, or failed

	// Lookup is how long the lookup of the service's name took, also one that
	// failed; 0 where none was made. It is a part of the time up to Resolved, which
	// may hold a wait for others that dialled.
	Lookup time.Duration

	Outcome Outcome
	Phase   Phase // set unless Outcome is OK
	Class   Class // set unless Outcome is OK
	// Error is the failure's text, for people; nothing is decided from it.
	Error string
	// Status is the HTTP status, 0 if no header was read.
	Status int
	// BytesOut is the length of the request's body, 0 unless all of it was written.
	BytesOut int64
	// BytesIn is the length of the body that was read.
	BytesIn int64

	// Conn identifies the connection within its stream (from 1), over all senders;
	// 0 if none was made. Served is how many requests it had carried before this one.
	Conn       uint64
	Served     uint32
	LocalPort  uint16
	RemoteAddr string
	// Pod is the pod that the answer named; ConnPod the one that last answered
	// on this connection before: before it was sent or, of one that failed on a
	// connection which others shared, and on which none had answered by then, before it
	// failed. Empty where unknown.
	Pod     string
	ConnPod string
	// Maskable marks a failure that a common client (Go's, a browser's) would
	// have replayed without telling: an idempotent request on a reused
	// connection that failed before the first byte of the answer, or one of HTTP/2
	// that the service said not to have processed. See net/http's
	// Request.isReplayable and persistConn.shouldRetryRequest, and
	// golang.org/x/net/http2's canRetryError.
	Maskable bool
}

// SentAt is when the request was taken up by a worker.
func (s *Sample) SentAt() time.Time { return s.Scheduled.Add(s.Sent) }

// DialledAt is when a dial for the request may have begun: once it was taken up, and
// the service's name looked up if it had to be.
func (s *Sample) DialledAt() time.Time { return s.Scheduled.Add(max(s.Sent, s.Resolved)) }

// EndAt is when the request was answered or failed.
func (s *Sample) EndAt() time.Time { return s.Scheduled.Add(s.End) }

// Fresh tells whether the request went out on a connection made for it.
func (s *Sample) Fresh() bool { return s.Served == 0 }
