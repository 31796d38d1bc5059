package analysis

import (
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// termination is an ending with what the traffic showed of it. It exited no
// earlier than its last answer.
type termination struct {
	ending
	service
	// forgotten is when the traffic shows that no proxy sent anything to the pod
	// any more, zero if it does not show it.
	forgotten time.Time
	window    window
}

// service is how a pod answered around one of its ends.
type service struct {
	lastAnswered report.Interval
	// lastSent is when the last of the requests was sent that it answered.
	lastSent time.Time
	// covered are the streams of which it answered requests shortly before.
	covered map[string]bool
	// answers counts its answers from firstCounted to its end's beginning.
	answers      int
	firstCounted time.Time
	// wentOn tells that it gave an answer so long after SIGTERM that it had not
	// gone at once.
	wentOn bool
	// finishes tells that it answered a request that was in flight when SIGTERM came:
	// at each moment at which it may have come, there was one.
	finishes bool
	// lastNew is when the last request was sent that it answered on a new connection,
	// lastKept on one which had carried others before; zero if there was none.
	lastNew, lastKept time.Time
	// lastNewAt is lastNew of the connections to one address, where nothing stands in
	// front of the pods.
	lastNewAt map[string]time.Time
	// accepts tells that it answered a request on a new connection which was made
	// after SIGTERM, the kubelet's if no other.
	accepts bool
	// unmoved tells that one connection carried several requests that were sent after
	// SIGTERM and answered.
	unmoved bool
	// again is the first answer after a container's end.
	again    time.Time
	underWay underWay
}

// connection is one of a stream's connections.
type connection struct {
	stream string
	id     uint64
}

// serving is an ending while its pod's answers are read.
type serving struct {
	*ending
	service
	// at are what the connections to each address show of it.
	at map[string]*served
	// servedOn counts, by connection, the answers to requests that were sent after
	// SIGTERM.
	servedOn map[connection]int
	// atSigterm are the times of answered requests that may have been in flight then, or after
	// it, where that moment is known well enough.
	atSigterm []report.Interval
}

// served is what the connections to one address show of a pod that answered there.
type served struct {
	unmoved           bool
	lastNew, lastKept time.Time
}

// servedAt gives that of an address.
func (t *serving) servedAt(address string) *served {
	if t.at[address] == nil {
		t.at[address] = &served{}
	}
	return t.at[address]
}

// termination is what is known of the ending once all answers are read. What a proxy
// keeps open tells nothing of the pod.
func (t *serving) termination(f *frontends) *termination {
	known := &termination{ending: *t.ending, service: t.service}
	known.lastNewAt = make(map[string]time.Time, len(t.at))
	for address, at := range t.at {
		if !f.proxied(address) {
			known.lastNewAt[address] = at.lastNew
			known.unmoved, known.lastNew, known.lastKept = known.unmoved || at.unmoved, later(known.lastNew, at.lastNew), later(known.lastKept, at.lastKept)
		}
	}
	known.accepts = known.answeredProbe != nil || known.Sigterm.Known() && !known.lastNew.Before(known.Sigterm.To.Add(clockSlack))
	known.LastAnswered = t.lastAnswered
	if !known.lastNew.IsZero() {
		known.LastNew = sourced(at(known.lastNew), "the last request on a new connection that an answer named it for")
	}
	known.Exited = notBefore(known.Exited, t.lastAnswered.From.Add(-delivery))
	return known
}

// coverageReach is how long before its deletion a pod's answers still count as
// coverage of its end.
const coverageReach = 10 * time.Second

// goingOn is how long after SIGTERM an answer must have come to show that the pod
// had not gone at once: twice what a proxy may have held it back. From pods that went
// at once answers came up to 182 ms after the signal at its earliest, 82 ms at its
// latest.
const goingOn = 2 * delivery

// finishing tells whether it answered a request that was in flight at SIGTERM, whenever that
// came: a busy node delivers it later than its bounds say (0.6 s were seen, after a hook). It
// may have come as late as the pod last answered on a new connection, so that from its bounds
// until then a request has to have been in flight at each moment.
func (t *serving) finishing(lastNew, tookNew time.Time) bool {
	latest := later(t.Sigterm.To, later(lastNew, tookNew))
	return t.signalPlaced() && covers(t.atSigterm, report.Interval{From: t.Sigterm.From, To: latest})
}

// answered takes an answer that named the pod as evidence that it still served.
func (t *serving) answered(s *recording.Sample) {
	end := s.EndAt()
	if !t.lastAnswered.Known() || end.After(t.lastAnswered.From) {
		t.lastAnswered = sourced(at(end), "the last answer that named it")
	}
	t.lastSent = later(t.lastSent, s.SentAt())
	t.wentOn = t.wentOn || t.Sigterm.Known() && end.After(t.Sigterm.To.Add(goingOn))
	if began := s.Scheduled.Add(begun(s)); t.signalPlaced() && !end.Before(t.Sigterm.From) {
		t.atSigterm = append(t.atSigterm, report.Interval{From: began, To: end})
	}
	if at := t.servedAt(s.RemoteAddr); s.Fresh() {
		at.lastNew = later(at.lastNew, s.SentAt())
	} else {
		at.lastKept = later(at.lastKept, s.SentAt())
	}
	t.serves(s)
	if end.Before(t.begin().Add(-coverageReach)) {
		return
	}
	if end.Before(t.begin()) {
		if t.answers == 0 || end.Before(t.firstCounted) {
			t.firstCounted = end
		}
		t.answers++
	}
	if t.covered == nil {
		t.covered = map[string]bool{}
	}
	t.covered[s.Stream] = true
}

// serves notes whether a connection goes on as before after SIGTERM. A pod that
// drains ends each one after the next answer; a second answer to a request that
// was sent after the signal shows one that does not.
func (t *serving) serves(s *recording.Sample) {
	if s.Fresh() || t.servedAt(s.RemoteAddr).unmoved || !t.afterSigterm(s) {
		return
	}
	c := connection{s.Stream, s.Conn}
	t.servedOn[c]++
	if t.servedOn[c] > 1 {
		t.servedAt(s.RemoteAddr).unmoved = true
	}
}

// left tells whether the pod went as soon as it was signalled, or was killed. One
// that gave answers afterwards did not, whatever its exit code.
func (t *termination) left() bool { return t.killed() || !t.wentOn && t.ending.left() }

// afterSigterm tells whether the request was certainly sent after the signal.
func (t *ending) afterSigterm(s *recording.Sample) bool {
	return t.Sigterm.Known() && !s.SentAt().Before(t.Sigterm.To.Add(clockSlack))
}

// inFlightAtSigterm tells whether the request was certainly under way when the signal
// came: since its earliest moment, and until its latest.
func (t *ending) inFlightAtSigterm(s *recording.Sample) bool {
	return t.Sigterm.Known() && !s.Scheduled.Add(begun(s)).After(t.Sigterm.From) && !s.EndAt().Before(t.Sigterm.To)
}

// cutWhileAlive tells of a request that ended then in the pod's hands that the program
// let go of it and lived on: SIGKILL, which ended the pod, ends all processes at once.
// After a hook that used up the grace the two signals lie too near to each other.
func (t *termination) cutWhileAlive(end time.Time) bool {
	return t.killed() && t.signalPlaced() && t.signalled(end) && !t.eatenByPreStop() && end.Before(t.exit().From.Add(-atOnce))
}

// ignoresSigterm tells of a pod that was killed that nothing is known to have changed at
// SIGTERM: it went on taking new connections, and did not show that it had noticed.
func (t *termination) ignoresSigterm() bool { return t.killed() && t.accepts && !t.noticed() }

// noticed tells whether its log or its port has told that it noticed SIGTERM.
func (t *termination) noticed() bool { return t.saidSo || t.shutPort || t.window.shutPort }

// tookNewUntilKilled tells of a pod that was killed that it was seen to answer on new
// connections until then, by its readiness probe or on its own address.
func (t *termination) tookNewUntilKilled() bool {
	return t.answeredProbe != nil || t.killed() && t.window.tookNew.Add(keptReach).After(t.exit().From)
}

// keptReach is how long before the kill a kept connection must have been answered on to
// have been served until then. Less than one request in that time shows nothing.
const keptReach = 2 * time.Second

// servesOn tells of a pod that was killed that it served its kept connections until
// then as before SIGTERM.
func (t *termination) servesOn() bool {
	return t.killed() && t.unmoved && !t.exit().From.After(t.lastKept.Add(keptReach))
}

// ofReplicaSet tells whether all pods of its owner run the same program.
func (t *ending) ofReplicaSet() bool { return strings.HasPrefix(t.Owner, "replicaset/") }

// alike lets the pods of one ReplicaSet, which all run the same program, speak for
// each other: that one accepts new connections after SIGTERM, or finishes what it has,
// shows it of all. Of other owners the pods may be of different revisions.
func alike(terminations []*termination) {
	accepts, finishes := map[string]bool{}, map[string]bool{}
	for _, t := range terminations {
		if t.Container == "" && t.ofReplicaSet() {
			accepts[t.Owner] = accepts[t.Owner] || t.accepts
			finishes[t.Owner] = finishes[t.Owner] || t.finishes
		}
	}
	for _, t := range terminations {
		t.accepts = t.accepts || accepts[t.Owner]
		t.finishes = t.finishes || finishes[t.Owner]
	}
}

// over is when a pod whose container was away was certainly in service again,
// or out of it.
func (t *termination) over() time.Time {
	switch {
	case !t.again.IsZero() && t.Back.Known():
		return later(t.again, t.Back.To.Add(proxyLag))
	case !t.again.IsZero():
		return later(t.again, t.exit().To)
	case t.Back.Known():
		return t.Back.To.Add(looseProxyLag)
	case t.LeftSlice.Known():
		return later(t.LeftSlice.To, t.exit().To).Add(proxyLag)
	default:
		return later(t.exit().To, t.returned).Add(looseProxyLag)
	}
}

// away are the times from a moment on in which proxies may have sent requests to the pod
// while its container was away: not those in which it was out of the slices.
func (t *termination) away(from time.Time) []report.Interval {
	switch whole := (report.Interval{From: from, To: t.over()}); {
	case t.OutOfService:
		return nil
	case !t.LeftSlice.Known() || !t.Back.Known() || t.unseen:
		return []report.Interval{whole}
	default:
		return []report.Interval{
			{From: from, To: later(from, t.LeftSlice.To.Add(looseProxyLag))},
			{From: t.Back.From.Add(-clockSlack), To: whole.To},
		}
	}
}

// behind gives the first of the other containers that had been told to stop by then, to
// which the pod may be a gateway; nil if there is none. It is none to one after whose
// exit it answered requests.
func (t *termination) behind(when time.Time) *other {
	var first *other
	for i := range t.others {
		o := &t.others[i]
		needless := o.exited.Known() && t.lastSent.After(o.exited.To.Add(clockSlack))
		if needless || when.Before(o.stopping.Add(-clockSlack)) {
			continue
		}
		if first == nil || o.stopping.Before(first.stopping) {
			first = o
		}
	}
	return first
}

// usualPause is the mean time between the pod's answers before its end.
func (t *termination) usualPause() (pause time.Duration, known bool) {
	const enough = 10
	if t.answers < enough {
		return 0, false
	}
	return t.begin().Sub(t.firstCounted) / time.Duration(t.answers), true
}
