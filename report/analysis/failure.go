package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// failure is a failed sample.
type failure struct {
	recording.Sample
	// baseline tells whether it was sent before anything was done.
	baseline bool
	// traceID is that of its traceparent; empty where it bore none.
	traceID string
	// before is what its kept connection had carried.
	before carried
	// roundTrip is the traffic's, and so is closedNews.
	roundTrip, closedNews time.Duration
}

// begun is when a request had a connection, so that a pod may have had the request:
// what came before, a name's lookup or a dial, is no pod's. Where it never had one it
// is when a dial for it may have begun.
func begun(s *recording.Sample) time.Duration { return max(s.Acquired, s.Resolved, s.Sent) }

// slowRefusal is the time up to which a fresh connection may still have met
// a closed door: on a busy machine a proxy took up to 50 ms to say so, and
// connections that wait in a listener's queue are reset when it closes.
const slowRefusal = 100 * time.Millisecond

// inFlightAge, beyond the round trip, tells a request that was being answered from one
// that met a closed door: on a path where connections are accepted by a proxy both
// end in EOF or reset, but a closed door answers within a round trip.
const inFlightAge = 5 * time.Millisecond

// age is how long the request had been on its connection when it failed.
func (f *failure) age() time.Duration { return f.End - begun(&f.Sample) }

// beyondRoundTrip is the part of its age in which the request and what became of it were
// not on their way.
func (f *failure) beyondRoundTrip() time.Duration { return f.age() - f.roundTrip }

// answering tells whether a part of the answer had come already.
func (f *failure) answering() bool {
	return f.Phase == recording.PhaseHeader || f.Phase == recording.PhaseBody
}

// unprocessed tells that the server gave its word not to have looked at the request (RFC
// 9113, section 8.7). Of a GOAWAY the recording has that as what makes it maskable; on a
// kept connection common clients replay more than what was turned away so, so that it is not
// known of one there.
func (f *failure) unprocessed() bool {
	return f.Class == recording.ClassRefusedStream || f.Class == recording.ClassGoAway && f.Maskable && f.Fresh()
}

// wasHeld tells whether some pod must have had the request, from itself alone.
func (f *failure) wasHeld() bool { return f.answering() || f.beyondRoundTrip() >= slowRefusal }
