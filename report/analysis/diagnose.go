package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

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
	// sameMoment is how near to each other the requests end that one exit cuts.
	sameMoment = 20 * time.Millisecond
	// delivery is how much later than a cut an answer may be told that was given
	// before it: proxies pass both on in their own time (38 ms were seen on a busy
	// machine).
	delivery = 100 * time.Millisecond
	// clockSlack widens the comparisons of times from different processes.
	clockSlack = 50 * time.Millisecond
	// proxyLag is how long a kube-proxy may take to drop an endpoint: its
	// minSyncPeriod of 1 s plus the sync itself (kubernetes pkg/proxy).
	proxyLag = 1500 * time.Millisecond
	// looseProxyLag is what a loaded node may need, and what its connection
	// tracking may add.
	looseProxyLag = 4 * time.Second
	// atOnce is how soon after SIGTERM an exit counts as no drain at all.
	atOnce = time.Second
)

// strength is how well a termination explains a failure. Zero explains nothing.
type strength int

const (
	looseFit strength = iota + 1
	closeFit
)

// scene is what a diagnosis needs beside the failure and the termination.
type scene struct {
	endpoints *endpoints
	starts    *starts
	gaps      []recording.Gap
	// longest is, per stream, how long an answered request took at the most.
	longest map[string]time.Duration
	// podsNamed tells whether answers name their pods.
	podsNamed bool
}

// longestOfAll is how long an answered request of any stream took at the most.
func (s *scene) longestOfAll() time.Duration {
	var longest time.Duration
	for _, d := range s.longest {
		longest = max(longest, d)
	}
	return longest
}

// explain tells which cause ties a failure to a termination, if any does. Who
// ended the pod may be the cause itself, however the requests failed.
func (s *scene) explain(f *failure, t *termination) (report.Cause, strength) {
	if t.Container != "" {
		return t.nature(), explainInterruption(f, t)
	}
	cause, fits := s.explainEnd(f, t)
	if nature := t.nature(); fits > 0 && nature != "" {
		cause = nature
	}
	return cause, fits
}

// explainInterruption tells how well a failure fits the time in which a
// container of the pod was away: from its signal or exit until it answered
// again.
func explainInterruption(f *failure, t *termination) strength {
	sent, end, exit := f.SentAt(), f.EndAt(), t.exit()
	if within(end, exit, clockSlack) && !sent.After(exit.To) && f.Class != recording.ClassStatus {
		return closeFit
	}
	from := exit.From
	if t.Sigterm.Known() {
		from = earlier(from, t.Sigterm.From)
	}
	if end.Before(from.Add(-clockSlack)) || sent.After(t.over()) {
		return 0
	}
	switch symptomOf(f) {
	case shutOut, cutOnReuse:
		return closeFit
	case cutShort:
		switch {
		case !wasHeld(f):
			return closeFit
		case !end.After(exit.To.Add(clockSlack)):
			// What a process holds is cut by its exit, not before or after.
			return looseFit
		}
	case hung:
		return looseFit
	case wrongAnswer:
		if f.Pod == t.Pod && f.Status >= 500 {
			return closeFit
		}
	}
	return 0
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
		return t.exit().To.Add(looseProxyLag)
	}
}

// explainEnd tells why a pod's end would have failed the request.
func (s *scene) explainEnd(f *failure, t *termination) (report.Cause, strength) {
	longest := s.longest[f.Stream]
	exit := t.exit()
	sent, end := f.SentAt(), f.EndAt()

	switch symptomOf(f) {
	case shutOut:
		return s.shutOut(f, t)
	case hung:
		if !f.Fresh() {
			return cutOnReuseBy(t), looseFit
		}
		if sent.Before(exit.From) && !sent.Add(longest).Before(exit.From) {
			return cutAtExit(t), looseFit
		}
		return s.shutOut(f, t)
	case cutShort:
		switch {
		case within(end, exit, clockSlack) && !sent.After(exit.To) && wasInFlight(f, t):
			if !t.left() && !wasHeld(f) {
				// A pod that left in good order may just have closed a
				// connection that it took for idle.
				return cutAtExit(t), looseFit
			}
			return cutAtExit(t), t.exitFits(end)
		case wasHeld(f) && end.Before(exit.From) && t.signalled(end):
			// Cut before the exit that the kubelet tells of.
			return cutAtExit(t), looseFit
		case !f.Fresh() && end.Before(exit.From) && t.signalled(end):
			// The pod lives on, but has let go of the connection.
			return report.KeepaliveCut, closeFit
		case f.Fresh() && !answering(f):
			return s.shutOut(f, t)
		}
	case cutOnReuse:
		switch {
		case within(end, exit, clockSlack):
			return cutOnReuseBy(t), t.exitFits(end)
		case end.Before(exit.From) && t.signalled(end):
			return report.KeepaliveCut, closeFit
		}
	case wrongAnswer:
		return s.wrongAnswer(f, t)
	}
	return report.Unknown, 0
}

// wrongAnswer explains an error by which the pod itself answered while it was
// shutting down. Where answers name their pods, one without a name came from
// something in front of them and is no pod's.
func (s *scene) wrongAnswer(f *failure, t *termination) (report.Cause, strength) {
	end := f.EndAt()
	if f.Status < 500 || end.Before(t.begin().Add(-clockSlack)) || end.After(t.exit().To.Add(clockSlack)) {
		return report.Unknown, 0
	}
	switch {
	case f.Pod == t.Pod:
		return report.ErrorsWhileDraining, closeFit
	case f.Pod == "" && !s.podsNamed && t.signalled(end):
		return report.ErrorsWhileDraining, looseFit
	default:
		return report.Unknown, 0
	}
}

// shutOut explains a request that reached no pod: it was sent to one that no
// longer listened, while it was still in rotation.
func (s *scene) shutOut(f *failure, t *termination) (report.Cause, strength) {
	sent := f.SentAt()
	if !t.signalled(sent) {
		return report.Unknown, 0
	}
	cause := report.ListenerClosedEarly
	if s.endpoints.emptyDuring(sent.Add(-proxyLag), sent) {
		cause = report.NoCapacity
	}
	left := t.LeftSlice
	if !left.Known() {
		left = t.exit()
	}
	switch {
	case cause == report.NoCapacity:
		return cause, closeFit
	case !t.forgotten.IsZero() && !sent.After(t.forgotten):
		return cause, closeFit
	case !t.forgotten.IsZero() && f.Class != recording.ClassTimeout:
		return report.Unknown, 0
	case t.forgotten.IsZero() && sent.Before(left.To.Add(proxyLag)):
		return cause, closeFit
	// What vanishes without an answer goes to an address that is gone. Single
	// connections were seen to do so for seconds after the proxies had
	// forgotten the pod: connection tracking still led their port there.
	case sent.Before(later(left.To, t.exit().To).Add(looseProxyLag)):
		return cause, looseFit
	default:
		return report.Unknown, 0
	}
}

// cutAtExit names the reason for which a pod's exit cut what was in flight.
func cutAtExit(t *termination) report.Cause {
	switch {
	case !t.killed():
		return report.NoDrain
	case t.eatenByPreStop():
		return report.PrestopEatsGrace
	case t.unmoved:
		return report.SigtermIgnored
	default:
		return report.GraceTooShort
	}
}

// cutOnReuseBy names the reason for which a pod's end cut a connection that was
// just being used again: a pod that drained closed it as idle, one that did not
// took it along.
func cutOnReuseBy(t *termination) report.Cause {
	if t.left() {
		return cutAtExit(t)
	}
	return report.KeepaliveCut
}

// exit is the termination's exit, or where it is not known the span from the
// signal to the removal.
func (t *termination) exit() report.Interval {
	if t.Exited.Known() {
		return t.Exited
	}
	from := t.begin()
	if t.Sigterm.Known() {
		from = t.Sigterm.From
	}
	to := from.Add(time.Duration(t.Grace) + leastGrace)
	switch {
	case t.forced():
		// Its object goes before its containers do, and the kubelet may notice
		// a second later and round by another (3.1 s were seen).
		to = to.Add(2 * time.Second)
	case t.Gone.Known():
		to = later(from, t.Gone.To)
	}
	return report.Interval{From: from, To: to}
}

// leastGrace is what a kubelet gives at the least between the signal and the
// kill (kubernetes pkg/kubelet/kuberuntime, minimumGracePeriodInSeconds).
const leastGrace = 2 * time.Second

// signalled tells whether the pod may have been told to stop by then.
func (t *termination) signalled(when time.Time) bool {
	from := t.exit().From
	if t.Sigterm.Known() {
		from = earlier(from, t.Sigterm.From)
	}
	return !when.Before(from.Add(-clockSlack))
}

// left tells whether the pod went as soon as it was signalled, or was killed:
// not the ending of a pod that drained.
func (t *termination) left() bool {
	if t.killed() {
		return true
	}
	if t.ExitCode != nil && *t.ExitCode == 0 {
		return false
	}
	return t.Sigterm.Known() && t.exit().From.Before(t.Sigterm.To.Add(atOnce))
}

// exitFits tells how well a moment fits the exit. The exit is known to the
// second only; where requests were seen to be cut on the pod's own connections
// that moment is the exit's.
func (t *termination) exitFits(when time.Time) strength {
	if !t.cut.Known() || within(when, t.cut, sameMoment) {
		return closeFit
	}
	return looseFit
}

func within(when time.Time, i report.Interval, slack time.Duration) bool {
	return !when.Before(i.From.Add(-slack)) && !when.After(i.To.Add(slack))
}
