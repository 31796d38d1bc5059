package analysis

import (
	"net/http"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// sameMoment is how near to each other the requests end that one exit cuts.
const sameMoment = 20 * time.Millisecond

// suspect is a termination that may have failed requests.
type suspect struct {
	*termination
	// cut is when requests on its own connections were cut: the first and the
	// last of them. Not known if none was.
	cut report.Interval
	// unreadNew and unreadKept are the first requests on a new and on a kept connection
	// that it certainly had not read when it closed that: when each was sent, zero if
	// there is none.
	unreadNew, unreadKept time.Time
	// erredNew and erredKept are when the last requests were sent, on a new and on a kept
	// connection of its own, that it answered with an error; zero if there is none.
	erredNew, erredKept time.Time
	// servedOn tells that a kept connection which none but its kill can have cut shows that
	// it had gone on serving such.
	servedOn bool
	// keptWaiting counts the requests on its kept connections that came after SIGTERM, and
	// waited until it was killed for longer than any answered one took.
	keptWaiting int
	// reset is when new connections were that it certainly had not read: the first and the
	// last of them. Not known if none was.
	reset report.Interval
	// queues are those of its listener that it may have closed.
	queues []report.Interval
	// stopsReading tells that a pod of the same ReplicaSet had such a request on a kept
	// connection, sparesNew that their exits cut no other.
	stopsReading, sparesNew bool
	// cutting tells that an exit of its ReplicaSet cut what a pod was at work on.
	cutting bool
	// answersFor tells that it, or a pod of the same ReplicaSet, answered in the place of
	// another of its containers before it was told to stop itself.
	answersFor bool
	// lettingGo is when it let go of requests as it was told to stop: the first and the last
	// of them. Not known if it did not.
	lettingGo report.Interval
	// holderCut is when requests that it held were cut by what may be the exit of another of
	// its containers: the first and the last of them. Not known if none was.
	holderCut report.Interval
	// holding are the containers whose exit certainly cut such, or that of a pod of the same
	// ReplicaSet: all connections to the pod are theirs.
	holding map[string]bool
	// hasProxy tells that it, or a pod of the same ReplicaSet, answered by way of another of
	// its containers when the one that serves had ended.
	hasProxy bool
}

// strength is how well something explains a failure. Zero explains nothing.
type strength int

const (
	faintFit strength = iota + 1
	looseFit
	closeFit
)

// fit is how a termination would have failed a request, and how well that fits.
type fit struct {
	loss
	strength
}

// explain tells how a termination fits a failure, if it does.
func (s *explainer) explain(f *examined, t *suspect) fit {
	if f.life == nil && (s.endpoints.elsewhere[t.UID] || s.forgotten(f, t)) {
		return fit{}
	}
	if manner, fits := s.lostBehindProxy(f, t); fits > 0 {
		return fit{loss{manner: manner, end: t.termination, kept: !f.Fresh()}, fits}
	}
	f = s.unansweredBy(f, t)
	if t.Container != "" {
		return fit{loss{manner: containerAway, end: t.termination, kept: !f.Fresh()}, f.atMost(min(explainInterruption(f, t), s.reaches(f, t)))}
	}
	manner, strength := s.explainEnd(f, t)
	if by := s.unreadByAnother(f, t); manner == cutAtExit && by > 0 {
		strength = min(strength, by-1)
	}
	if by := s.cutByHolder(f, t); by > 0 && (by >= strength || f.life != nil) {
		manner, strength = cutByHolder, by
	}
	if f.proxied && f.life == nil && s.waited(f) && f.SentAt().Before(t.begin().Add(-clockSlack)) {
		strength = min(strength, faintFit)
	}
	return fit{loss{manner, t.termination, manner == turnedAway && s.emptyAt(f), !f.Fresh(), t.servedOn}, f.atMost(strength)}
}

// forgotten tells that the pod had left the slices for longer than any kube-proxy takes when
// a connection for the request was begun, though others were ready, and nothing shows that
// proxies were as late. Where the URL is known to lead straight to the pods' service, it
// then led to another pod, whatever that one did. What stands in front of the service may
// know of the pod for longer.
func (s *explainer) forgotten(f *examined, t *suspect) bool {
	return s.traffic.frontends.straight && !s.starved && f.failure.Fresh() && (!f.proxied || f.doubtful()) && t.Container == "" && t.LeftSlice.Known() && !t.published && !s.emptyAt(f) &&
		f.DialledAt().After(later(t.LeftSlice.To, t.lastNew).Add(looseProxyLag))
}

// waited tells of a request that was cut whether it had been under way for longer than
// any answer took, be it an error: a gateway in the pod may have read it, and have tried for
// seconds to reach a program that had gone (HAProxy's timeout connect, and its retries).
// Behind a proxy it had then waited for a pod that was ending when it
// was sent (HAProxy's and nginx's connect timeouts, and retries after these), rather
// than been answered by one whose end came later.
func (s *explainer) waited(f *examined) bool {
	stream := s.traffic.stream(f.Stream)
	longest := stream.longestAnswer
	if f.proxied {
		longest = stream.longest
	}
	return f.symptom == cutShort && stream.OK > 0 && f.age() > longest+delivery
}

// atMost is how well something explains the failure whose times fit so well.
func (f *examined) atMost(fits strength) strength {
	if f.doubtful() {
		return min(fits, looseFit)
	}
	return fits
}

// mayHaveAnswered tells whether the pod may itself have said then that it shuts down:
// it lived on after SIGTERM, and until that moment.
func (t *suspect) mayHaveAnswered(when time.Time) bool {
	exit := t.exit()
	if t.Container != "" || t.Sigterm.Known() && exit.From.Before(t.Sigterm.From.Add(atOnce)) {
		return false
	}
	return !when.After(exit.To.Add(clockSlack))
}

// emptyAt tells whether no endpoint was ready for the request.
func (s *explainer) emptyAt(f *examined) bool {
	sent := f.DialledAt()
	return s.endpoints.emptyDuring(sent.Add(-proxyLag), sent)
}

// reaches tells how well it fits that a request came to the pod of a container that ended.
// One that names the pod did. Else it has to have been sent while proxies may have sent
// requests there; on a connection that was made before, while the process lived that had
// it. Where no pod was ready those that were away are why.
func (s *explainer) reaches(f *examined, t *suspect) strength {
	switch sent, left := f.DialledAt(), t.LeftSlice; {
	case f.life != nil:
		return closeFit
	case t.OutOfService:
		return 0
	case t.unseen, !left.Known(), !sent.After(left.To.Add(proxyLag)), s.emptyAt(f):
		return closeFit
	case t.Back.Known() && !sent.Before(t.Back.From.Add(-clockSlack)):
		return closeFit
	case !f.Fresh() && !sent.After(t.exit().To):
		return closeFit
	case !sent.After(left.To.Add(f.looseLag())):
		return looseFit
	default:
		return 0
	}
}

// explainInterruption tells how well a failure fits the time in which a
// container of the pod was away: from its signal or exit until it answered
// again.
func explainInterruption(f *examined, t *suspect) strength {
	sent, end, exit := f.DialledAt(), f.EndAt(), t.exit()
	if within(end, exit, clockSlack) && !sent.After(exit.To) && (!f.whole() || f.gateway.answered()) && !f.endedBySomebody() {
		return closeFit
	}
	if !t.signalled(end) || sent.After(t.over()) {
		return 0
	}
	switch f.symptom {
	case shutOut, cutOnReuse:
		return closeFit
	case cutShort:
		switch {
		case !f.wasHeld():
			return closeFit
		case !end.After(exit.To.Add(clockSlack)):
			// What a process holds is cut by its exit, not before or after.
			return looseFit
		}
	case hung:
		return looseFit
	case wrongAnswer:
		if f.Pod == t.Pod && f.serverError() {
			return closeFit
		}
	}
	return 0
}

// explainEnd tells how a pod's end would have failed the request.
func (s *explainer) explainEnd(f *examined, t *suspect) (manner, strength) {
	exit := t.exit()
	sent, end := f.DialledAt(), f.EndAt()

	if fits := s.answersFor(f, t); fits > 0 {
		return answeredWrongly, fits
	}
	switch f.symptom {
	case shutOut:
		return turnedAway, s.turnedAway(f, t)
	case hung:
		if !f.Fresh() {
			manner, _ := t.cutOnReuse(end)
			return manner, looseFit
		}
		if done := f.Scheduled.Add(begun(&f.Sample) + s.traffic.stream(f.Stream).longest); sent.Before(exit.From) && !done.Before(exit.From) {
			return cutAtExit, looseFit
		}
		return turnedAway, s.turnedAway(f, t)
	case cutShort:
		unread := s.unread(f, t)
		switch {
		case unread > 0 && f.Fresh():
			return turnedAway, unread
		case unread > 0:
			return closedWhileKept, unread
		case within(end, exit, clockSlack) && !sent.After(exit.To) && s.hadInFlight(f, t):
			if !f.wasHeld() && !t.left() && !t.endedBySignal() || t.mayNotHaveRead(f) {
				// A pod that left in good order may just have closed a
				// connection that it took for idle. One that a signal ended later than
				// it was sent, on a busy node, closed nothing itself.
				return cutAtExit, looseFit
			}
			if t.gatewayMayHaveFailed(f) || f.endedBySomebody() {
				return cutAtExit, looseFit
			}
			return cutAtExit, t.exitFits(end)
		case s.cutAsSignalled(f, t):
			if t.cutWhileAlive(end) {
				return cutWhileAlive, closeFit
			}
			return cutAtExit, closeFit
		case t.held(f) && t.cutWhileAlive(end):
			return cutWhileAlive, looseFit
		case t.held(f) && end.Before(exit.From) && t.signalled(end):
			return cutAtExit, looseFit // before the exit that the kubelet tells of
		case !f.Fresh() && end.Before(exit.From) && t.signalled(end):
			return closedWhileKept, s.letGo(f, t)
		case s.blurred && f.wasHeld() && !f.proxied && !sent.After(exit.To) && end.After(exit.To):
			// A machine that is late notices late what an exit has cut.
			return cutAtExit, looseFit
		case f.endedAlone():
			// Who says so lives, and is not told to stop.
		case f.Fresh() && !f.answering():
			fits := s.turnedAway(f, t)
			if f.wasHeld() && !f.proxied && (s.blurred || end.After(exit.To.Add(clockSlack))) {
				// A process closes all that it has as it exits: only something in front of
				// the pods, of which nothing is known, would have held this any longer.
				fits = min(fits, looseFit)
			}
			return turnedAway, fits
		}
	case cutOnReuse:
		switch {
		case f.unprocessed() && within(end, exit, clockSlack):
			// It took nothing along that it had not looked at.
			return closedWhileKept, t.exitFits(end)
		case within(end, exit, clockSlack):
			manner, fits := t.cutOnReuse(end)
			if manner == closedWhileKept && f.betweenTrips() && t.unreadKept.IsZero() {
				fits = min(fits, looseFit)
			}
			return manner, fits
		case end.Before(exit.From) && t.signalled(end):
			return closedWhileKept, s.letGo(f, t)
		}
	case wrongAnswer:
		if t.abandoned(f) {
			return cutAtExit, looseFit
		}
		return answeredWrongly, s.answeredWrongly(f, t)
	}
	return unexplained, 0
}

// letGo tells how well it fits that a pod which lives on has let go of the connection. If
// no name says that it was that pod's, the kill of another just then, which closes all
// connections of that one, fits better, and so does its SIGTERM, and its exit where that is
// seen to have cut others.
func (s *explainer) letGo(f *examined, t *suspect) strength {
	if f.life == nil && (len(s.killedAt(f)) > 0 || s.anotherCut(f, t)) || s.anotherSignalled(f, t) {
		return looseFit
	}
	return closeFit
}

// anotherCut tells that the exit of another pod was seen to cut requests at that moment.
func (s *explainer) anotherCut(f *examined, t *suspect) bool {
	return slices.ContainsFunc(s.near(f), func(o *suspect) bool { return o != t && o.cut.Known() && within(f.EndAt(), o.cut, sameMoment) })
}

// abandoned tells of a request that was in flight at SIGTERM, or had been for long, whether the
// server answered it with an error of its own as it exited: so does Hypercorn where its
// graceful_timeout ends (hypercorn/asyncio/run.py). 500 is no gateway's answer (RFC 9110, 15.6.1).
func (t *suspect) abandoned(f *examined) bool {
	return f.Status == http.StatusInternalServerError && f.Pod == "" && !f.proxied &&
		(t.inFlightAtSigterm(&f.Sample) || f.age() >= atOnce) && !t.killed() && within(f.EndAt(), t.exit(), clockSlack) &&
		!t.exit().From.Before(t.Sigterm.To.Add(atOnce)) && t.endedFirst() == nil
}

// answeredWrongly tells how well an error fits by which the pod itself answered
// while it was shutting down. A program names its pod; what the server below it answers
// by itself as it stops bears no name (Jetty's 503 to all that comes then). Such an
// answer is that of the pod to which the connection leads. Where it is not known which
// that is, it may be any that was told to stop before the request came, unless something
// in front of the pods may have given it.
func (s *explainer) answeredWrongly(f *examined, t *suspect) strength {
	end := f.EndAt()
	if !f.serverError() || end.Before(t.begin().Add(-clockSlack)) || end.After(t.exit().To.Add(clockSlack)) {
		return 0
	}
	switch {
	case f.Pod == t.Pod:
		return closeFit
	case f.Pod != "" || !t.signalled(end):
		return 0
	case !f.proxied && f.ConnPod == t.Pod:
		return closeFit
	case !s.traffic.podsNamed:
		return looseFit
	case s.traffic.frontends.leadsToPods(f.RemoteAddr) && t.afterSigterm(&f.Sample) && t.mayHaveAnswered(end):
		return looseFit
	default:
		return 0
	}
}

// cutOnReuse is how a pod's exit cut a connection that was just being used again,
// and how well that fits: a pod that drained closed it as idle, one that did not took
// it along. Where neither shows, that nothing was cut which it was answering speaks
// for the former.
func (t *suspect) cutOnReuse(when time.Time) (manner, strength) {
	switch {
	case !t.left() && !t.endedBySignal(), !t.unreadKept.IsZero():
		return closedWhileKept, t.exitFits(when)
	case t.mayHaveDrained() && !t.killed() && t.cutting && !t.cut.Known():
		return cutAtExit, looseFit
	case t.mayHaveDrained() && !t.killed() && (!t.cut.Known() || t.stopsReading || t.sparesNew):
		return closedWhileKept, looseFit
	default:
		return cutAtExit, t.exitFits(when)
	}
}

// mayNotHaveRead tells of a request that an exit cut on a kept connection whether it
// may have waited there unread: it came no earlier than the signal, the exit code allows
// that the pod had answered all that it had read, and none is known to be answered that
// was sent later.
func (t *suspect) mayNotHaveRead(f *examined) bool {
	if f.Fresh() || f.answering() || !t.mayHaveDrained() {
		return false
	}
	return !f.wasHeld() || t.signalPlaced() && !f.SentAt().Before(t.Sigterm.From.Add(-clockSlack)) && !t.lastKept.After(f.SentAt().Add(clockSlack))
}

// held tells whether the pod must have had the request: the answer had begun, or it had
// waited longer than any refusal takes. A proxy that reaches none may
// try for longer than any refusal takes (HAProxy's retries are a second apart), so that
// behind one only what was sent before the pod was told to stop was held for certain.
func (t *suspect) held(f *examined) bool {
	if f.proxied && t.signalled(f.SentAt()) {
		return f.answering()
	}
	return f.wasHeld()
}

// hadInFlight tells whether the pod had the request when it exited, rather than
// refused it: the answer had begun, the connection was the pod's own, it had
// waited longer than any refusal takes, or it ended together with requests of
// which that is known. Behind a proxy, where none of this can be seen, it was sent
// before SIGTERM. Without any of these the pod's own ending decides: one that
// went at once is taken to have cut what it had. Where its exit code would allow that
// it had finished that, a closed door must be out of the question besides: because
// one refuses at once here, with nothing in front that accepts, or because nobody
// would have sent the request to that pod any more.
func (s *explainer) hadInFlight(f *examined, t *suspect) bool {
	switch {
	case f.answering():
		return true
	case f.proxied:
		return t.left() || !t.signalled(f.SentAt())
	case f.wasHeld(), !f.Fresh():
		return true
	case t.cut.Known():
		return within(f.EndAt(), t.cut, sameMoment)
	case !t.left():
		return false
	default:
		outOfRotation := t.LeftSlice.Known() && f.DialledAt().After(t.LeftSlice.To.Add(s.traffic.played.usualLag()))
		return !t.mayHaveDrained() || s.refusesAtDial || outOfRotation
	}
}

// gatewayMayHaveFailed tells of a gateway's answer to a request that came when the pod may
// have gone that the gateway may as well have reached no pod: to connect, to be refused and
// to try again may take it as long as a pod takes to begin with an answer, and 502 and 503
// say neither (see symptomOf). One that leaves as it is told to may have closed its door
// from then on. One that is killed had not before its exit, and refuses at once from then on.
func (t *suspect) gatewayMayHaveFailed(f *examined) bool {
	if !f.gateway.answered() || f.symptom != cutShort {
		return false
	}
	if t.killed() || !t.Sigterm.Known() {
		return !f.SentAt().Before(t.exit().From) && !f.wasHeld()
	}
	return !f.SentAt().Before(t.Sigterm.From)
}

// candidates are those that may have failed the request: its pod's, or those near.
func (s *explainer) candidates(f *examined) []*suspect {
	if f.life == nil {
		return s.near(f)
	}
	var ends []*suspect
	for _, end := range f.life.ends {
		ends = append(ends, s.suspects[end.number])
	}
	return ends
}

// exitFits tells how well a moment fits the exit. The exit is known to the
// second only; where requests were seen to be cut on the pod's own connections
// that moment is the exit's.
func (t *suspect) exitFits(when time.Time) strength {
	if !t.cut.Known() || within(when, t.cut, sameMoment) {
		return closeFit
	}
	return looseFit
}
