package analysis

import (
	"net"
	"net/http"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// examined is a failure with what it tells by itself.
type examined struct {
	*failure
	symptom symptom
	// life is the pod that it names, nil if it names none.
	life *life
	// proxied tells that its connection led to a proxy and to no pod.
	proxied bool
	gateway gateway
	// sharedHeld tells that another request was cut with its connection which some pod must
	// have had.
	sharedHeld bool
}

func examine(t *traffic, pods *podIndex) []examined {
	all := make([]examined, len(t.failures))
	for i, f := range t.failures {
		e := examined{failure: f, gateway: t.frontends.gateway(&f.Sample)}
		e.proxied = e.gateway.answered() || t.frontends.proxied(f.RemoteAddr)
		e.symptom = e.symptomOf()
		if p := e.identify(pods); p != nil {
			e.life = t.lives[p.number]
		}
		all[i] = e
	}
	shareConnections(all)
	return all
}

// Fresh tells whether a pod was chosen for the request alone: on a connection made
// for it, or by a proxy, whatever connections that keeps to the pods.
func (f *examined) Fresh() bool { return f.proxied || f.failure.Fresh() }

// identify finds the pod that the failure itself names. Behind a proxy that is the
// answer's doing alone.
func (f *examined) identify(pods *podIndex) *pod {
	names := []string{f.Pod}
	if !f.proxied {
		names = append(names, f.ConnPod)
	}
	for _, name := range names {
		if p := pods.named(name, f.SentAt()); p != nil {
			return p
		}
	}
	if f.proxied {
		return nil
	}
	host, _, err := net.SplitHostPort(f.RemoteAddr)
	if err != nil {
		return nil
	}
	return pods.addressed(host, f.DialledAt())
}

// ofAnother tells of a failure that what had answered on its connection bore a name that is
// none of the workload's pods, where other answers bear theirs. It may be another pod behind
// the service, or one to which the workload's own pods pass requests on, so that the
// connection led to one of these.
func (f *examined) ofAnother(all *frontends) bool {
	at := all.byAddress[f.RemoteAddr]
	return !f.proxied && f.life == nil && f.ConnPod != "" && at != nil && at.first != "" && !all.pods.has(f.ConnPod)
}

// symptom is what a failure looked like from outside.
type symptom int

const (
	// shutOut: no connection came about, or a fresh one ended at once, as it
	// does behind a proxy that accepts first and dials then.
	shutOut symptom = iota
	// hung: nothing came back at all.
	hung
	// cutShort: the request, or its connection, ended while it was being answered.
	cutShort
	// cutOnReuse: a reused connection ended as the request came in.
	cutOnReuse
	// wrongAnswer: a complete answer, but not the expected one.
	wrongAnswer
)

// symptomOf reads an answer of a gateway as what that met: of a 504 nothing came in
// time, of a 502 or 503 the connection was refused or ended. Which of these two the
// status does not tell (nginx answers 502 to both, Envoy 503; HAProxy 503 where it
// could not connect, 502 where no answer came); the age does, as on a connection of
// our own.
func (f *examined) symptomOf() symptom {
	switch {
	case f.gateway.answered() && f.Status == http.StatusGatewayTimeout:
		return hung
	case f.gateway.answered() && f.beyondRoundTrip() >= inFlightAge:
		return cutShort
	case f.gateway.answered():
		return shutOut
	}
	if f.whole() || f.Class == recording.ClassMalformed {
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
	case f.unprocessed() && f.Fresh():
		return shutOut
	case f.unprocessed():
		return cutOnReuse
	case f.endedAlone(), f.taken():
		return cutShort
	case f.beyondRoundTrip() >= inFlightAge && (f.Fresh() || f.age() >= f.closedNews):
		return cutShort
	case f.Fresh():
		return shutOut
	default:
		return cutOnReuse
	}
}

// endedAlone tells that the server itself ended this one request, by RST_STREAM, while its
// connection lived on (RFC 9113, section 5.4.2), so that it had read it. Of a proxy's it is
// not known what that met.
func (f *examined) endedAlone() bool {
	return f.Class == recording.ClassStreamReset && !f.proxied
}

// endedBySomebody tells that a server ended this one request, and that nothing says which pod
// it was. An exit closes connections, and says nothing of the requests on them: whoever does
// so lived, be it that this pod did until then.
func (f *examined) endedBySomebody() bool { return f.life == nil && f.endedAlone() }

// taken tells of a connection that ended after a GOAWAY by which the server had not turned
// the request on it away: whoever says so had accepted the connection, and may have been at
// work on the request (RFC 9113, section 6.8).
func (f *examined) taken() bool {
	return f.Class == recording.ClassGoAway && f.Fresh() && !f.unprocessed() && !f.proxied
}

// wasHeld tells whether some pod must have had the request. One that turned it away unread
// had not, however late it said so.
func (f *examined) wasHeld() bool {
	return !f.unprocessed() && (f.endedAlone() || f.sharedHeld || f.failure.wasHeld())
}

// betweenTrips tells of a request on a kept connection whose end came later than the way
// there and back takes, and no later than the news of a closed connection may.
func (f *examined) betweenTrips() bool {
	return f.symptom == cutOnReuse && !f.unprocessed() && f.beyondRoundTrip() >= inFlightAge
}

// whole tells of an answer that came whole, and was not the expected one.
func (f *examined) whole() bool {
	return f.Class.Answered()
}

// serverError tells of an answer by which whoever gave it says that it could not do what
// was asked: by its status (RFC 9110, section 15.6), by that of gRPC, or by a body that is
// not the service's.
func (f *examined) serverError() bool {
	return f.Status >= 500 || f.Class == recording.ClassWrongBody || f.Class == recording.ClassGRPCStatus
}

// refused tells that it met a closed door, which was closed when the answer to that
// effect came, whenever it had been sent. A server that speaks HTTP/2 had opened it.
func (f *examined) refused() bool {
	return f.symptom == shutOut && f.Class != recording.ClassTimeout && !f.unprocessed()
}

// rejected tells that it was said of it that it was turned away, at the moment at which it
// failed: by a closed door, or by a server that took the connection and not the request.
func (f *examined) rejected() bool { return f.refused() || f.unprocessed() }

// unanswered is the failure as it is if not a pod but a gateway answered it.
func (f *examined) unanswered() *examined {
	g := *f
	g.gateway, g.proxied = possibleGateway, true
	g.symptom = g.symptomOf()
	return &g
}

// doubtful tells whether it may as well have nothing to do with the pods that its
// times fit: something else than a pod may have answered it, or it did not even reach
// the proxy in front of them.
func (f *examined) doubtful() bool {
	switch f.Phase {
	case recording.PhaseResolve, recording.PhaseDial, recording.PhaseTLS:
		return f.proxied
	}
	return f.gateway == inferredGateway || f.gateway == possibleGateway
}
