package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// turnedAway tells how well it fits that a request reached no pod: it was sent to
// one that no longer listened, while it was still in rotation. Where it went was
// decided when it was dialled: connection tracking leads each further SYN of the
// connection there. A refusal tells of the moment at which it came, and so does a server's
// word over HTTP/2 that it turns a request away: a connection takes several round trips to
// be made, in which the pod may be told to stop.
func (s *explainer) turnedAway(f *examined, t *suspect) strength {
	fits := s.closedDoor(f, t)
	if f.refused() && !f.proxied && !s.emptyAt(f) && !s.traffic.frontends.pods.owns(f.RemoteAddr) && t.leftLongBefore() && len(t.doors(f)) == 0 {
		fits = min(fits, looseFit)
	}
	if s.accepted(f) && s.anotherSignalled(f, t) {
		fits = min(fits, looseFit)
	}
	return fits
}

// openAfter tells that the pod's listener was open after the request: it answered one that
// was sent later, to the same address and on a new connection. A pod that was told to stop
// closes its listener once, so that this one was refused by another, however early the
// kubelet says that it had begun to stop this one (on a busy node its runtime delivered
// SIGTERM 0.24 s later).
func (t *suspect) openAfter(f *examined) bool {
	return t.Container == "" && t.lastNewAt[f.RemoteAddr].After(f.EndAt().Add(clockSlack))
}

// leftLongBefore tells that no proxy was known to send new connections to the pod when
// it was told to stop: it had left longer ago than any was seen to take, and its last
// answer on a new connection does not show one that took longer.
func (t *suspect) leftLongBefore() bool {
	return t.LeftSlice.Known() && t.signalFrom().After(t.LeftSlice.To.Add(slowProxyLag)) && !t.lastNew.After(t.LeftSlice.To.Add(proxyLag))
}

// closedDoor tells how well the times fit for that.
func (s *explainer) closedDoor(f *examined, t *suspect) strength {
	sent, met := f.DialledAt(), f.DialledAt()
	if f.rejected() {
		met = f.EndAt()
	}
	gone := t.exit().To
	if !t.signalled(met) {
		// It still accepts, but for another container whose end has cut it off.
		doors := t.doors(f)
		if len(doors) == 0 {
			return 0
		}
		gone = doors[0].Exited.To
	}
	if f.refused() && t.openAfter(f) {
		return 0
	}
	if s.traffic.played != nil && f.life != nil {
		return closeFit // It was dialled to the pod itself, whoever was ready.
	}
	left := t.LeftSlice.To
	if !t.LeftSlice.Known() {
		left = t.exit().To
	}
	// One that answers a new connection is in rotation, however long ago it left the slice:
	// that much its proxies are late (7 s were seen on nodes with too much to do).
	left = later(left, t.lastNew)
	switch {
	case s.emptyAt(f):
		return closeFit
	case !t.forgotten.IsZero() && !sent.After(t.forgotten):
		if !sent.Before(left.Add(proxyLag)) && s.leftLately(f, t) {
			return looseFit
		}
		return closeFit
	case !t.forgotten.IsZero() && f.Class != recording.ClassTimeout && !f.proxied:
		return 0
	case t.forgotten.IsZero() && sent.Before(left.Add(proxyLag)):
		return closeFit
	// What vanishes without an answer goes to an address that is gone. Single
	// connections were seen to do so for seconds after the proxies had
	// forgotten the pod: connection tracking still led their port there.
	case sent.Before(later(left, gone).Add(f.looseLag())):
		return looseFit
	default:
		return 0
	}
}

// leftLately tells whether another pod had certainly been told to stop, and had left no
// longer ago than proxies take that have the time to work. What is lost by that one looks as
// if the traffic had not yet shown that they have forgotten this one.
func (s *explainer) leftLately(f *examined, t *suspect) bool {
	sent := f.DialledAt()
	return !s.starved && slices.ContainsFunc(s.near(f), func(o *suspect) bool {
		return o != t && o.Container == "" && o.LeftSlice.Known() && o.Sigterm.Known() && sent.After(o.Sigterm.To) &&
			sent.Before(o.LeftSlice.To.Add(proxyLag)) && (!f.refused() || !o.openAfter(f))
	})
}

// looseLag is how long after a pod's end a request may at the most be sent to it: long
// only where a proxy is known to have sent it.
func (f *examined) looseLag() time.Duration {
	if f.proxied && !f.doubtful() {
		return gatewayLag
	}
	return looseProxyLag
}
