package analysis

import (
	"net"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// inFlightAge tells a request that was being answered from one that met a
	// closed door: on a path where connections are accepted by a proxy both
	// end in EOF or reset, but a closed door answers within a round trip.
	inFlightAge = 5 * time.Millisecond
	// slowRefusal is the age up to which a fresh connection may still have met
	// a closed door: on a busy machine a proxy took up to 50 ms to say so, and
	// connections that wait in a listener's queue are reset when it closes.
	slowRefusal = 100 * time.Millisecond
)

// examined is a failure with what it tells by itself.
type examined struct {
	*failure
	symptom symptom
	// life is the pod that it names, nil if it names none.
	life *life
}

func examine(t *traffic, pods *podIndex) []examined {
	all := make([]examined, len(t.failures))
	for i, f := range t.failures {
		all[i] = examined{failure: f, symptom: symptomOf(f)}
		if p := identify(f, pods); p != nil {
			all[i].life = t.lives[p.number]
		}
	}
	return all
}

// identify finds the pod that the failure itself names.
func identify(f *failure, pods *podIndex) *pod {
	for _, name := range []string{f.Pod, f.ConnPod} {
		if name == "" {
			continue
		}
		if p := pods.named(name, f.SentAt()); p != nil {
			return p
		}
	}
	host, _, err := net.SplitHostPort(f.RemoteAddr)
	if err != nil {
		return nil
	}
	return pods.addressed(host, f.DialledAt())
}

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
	case f.age() >= inFlightAge:
		return cutShort
	case f.Fresh():
		return shutOut
	default:
		return cutOnReuse
	}
}

// refused tells that it met a closed door, which was closed when the answer to that
// effect came, whenever it had been sent.
func (f *examined) refused() bool { return f.symptom == shutOut && f.Class != recording.ClassTimeout }

// age is how long the request had been on its connection when it failed.
func (f *failure) age() time.Duration { return f.End - begun(&f.Sample) }

// answering tells whether a part of the answer had come already.
func (f *failure) answering() bool {
	return f.Phase == recording.PhaseHeader || f.Phase == recording.PhaseBody
}

// wasHeld tells whether some pod must have had the request, from itself alone.
func (f *failure) wasHeld() bool { return f.answering() || f.age() >= slowRefusal }
