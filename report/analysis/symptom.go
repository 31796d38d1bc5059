package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// symptom is what a failure looked like from outside.
type symptom int

const (
	// shutOut: no connection came about, or a fresh one ended at once, as it
	// does behind a proxy that accepts first and dials then.
	shutOut symptom = iota
	// hung: nothing came back at all.
	hung
	// cutShort: the connection ended while the request was being answered.
	cutShort
	// cutOnReuse: a reused connection ended as the request came in.
	cutOnReuse
	// wrongAnswer: a complete answer, but not the expected one.
	wrongAnswer
)

func symptomOf(f *failure) symptom {
	if f.Class == recording.ClassStatus || f.Class == recording.ClassMalformed {
		return wrongAnswer
	}
	switch f.Phase {
	case recording.PhaseResolve, recording.PhaseDial, recording.PhaseTLS:
		return shutOut
	case recording.PhaseHeader, recording.PhaseBody:
		return cutShort
	}
	switch {
	case f.Class == recording.ClassTimeout:
		return hung
	case age(f) >= inFlightAge:
		return cutShort
	case f.Fresh():
		return shutOut
	default:
		return cutOnReuse
	}
}

// age is how long the request had been on its connection when it failed.
func age(f *failure) time.Duration { return f.End - max(f.Acquired, f.Sent) }

// answering tells whether a part of the answer had come already.
func answering(f *failure) bool {
	return f.Phase == recording.PhaseHeader || f.Phase == recording.PhaseBody
}

// wasInFlight tells whether the pod had the request when it exited, rather than
// refused it: the answer had begun, the connection was the pod's own, it had
// waited longer than any refusal takes, or it ended together with requests of
// which that is known. Without any of these the pod's own ending decides: one
// that left in good order is taken to have finished what it had.
func wasInFlight(f *failure, t *termination) bool {
	switch {
	case wasHeld(f), !f.Fresh():
		return true
	case t.cut.Known():
		return within(f.EndAt(), t.cut, sameMoment)
	default:
		return t.left()
	}
}

// wasHeld tells whether some pod must have had the request, from itself alone.
func wasHeld(f *failure) bool { return answering(f) || age(f) >= slowRefusal }
