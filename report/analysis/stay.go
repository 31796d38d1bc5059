package analysis

import "time"

// stay is why a pod was still there when its grace ended, as far as that shows.
type stay int

const (
	// unclear: it may have noticed SIGTERM or not.
	unclear stay = iota
	// ignoring: it went on taking new connections, and either served on or
	// had nothing left to do.
	ignoring
	// servesKept: it went on serving the connections that it had.
	servesKept
	// idle: it had nothing left to answer for longer than any request takes.
	idle
	// working: it had noticed SIGTERM, and was not done.
	working
)

// staysOf tells of each that was killed at the end of its grace why it had stayed. The
// pods of one ReplicaSet all run the same program: where one is known to have taken no
// notice, or to serve its kept connections until then, those of which nothing shows did
// the same.
func staysOf(ended []*account, t *traffic) map[*account]stay {
	stays, likes := map[*account]stay{}, map[string]stay{}
	for _, a := range ended {
		if a.killed() && a.orderly() && !a.eatenByPreStop() {
			stays[a] = a.stayed(t)
			if known := stays[a]; a.ofReplicaSet() && (known == ignoring || known == servesKept && likes[a.Owner] != ignoring) {
				likes[a.Owner] = known
			}
		}
	}
	for a, why := range stays {
		if like := likes[a.Owner]; why == unclear && like != unclear && a.lastCut.IsZero() {
			stays[a] = like
		}
	}
	return stays
}

// stayed tells of a pod that was killed why it had stayed.
func (a *account) stayed(t *traffic) stay {
	done := a.hadNothingLeft(t)
	// One that takes no notice, and has nothing else to do, answers whoever asks.
	noticed := a.noticed() || a.refusedWhileAlive() || done && a.window.silent
	switch {
	case !noticed && !a.cutAlive && a.accepts && (a.servesOn() || a.servedOn && a.tookNewUntilKilled() || done):
		return ignoring
	case a.servedOn, a.servesOn():
		return servesKept
	case noticed:
		return working
	case done:
		return idle
	default:
		return unclear
	}
}

// refusedWhileAlive tells whether it turned a request away between its SIGTERM and its
// exit, which a pod that takes no notice of the signal does not.
func (a *account) refusedWhileAlive() bool {
	first := a.firstRefused
	return first.Known() && !a.holderGone && a.Sigterm.Known() && first.From.After(a.Sigterm.To.Add(clockSlack)) && first.To.Before(a.exit().From)
}

// keptAccepting tells of a pod that it answered on a new connection made after SIGTERM,
// turned nobody away, and lived for as long as some may still be sent to it.
func (a *account) keptAccepting(lag time.Duration) bool {
	return a.accepts && !a.refusedWhileAlive() && a.LeftSlice.Known() && !a.exit().From.Before(a.LeftSlice.To.Add(lag))
}

// hadNothingLeft tells of a pod that was killed whether all that came to it must have
// been answered before: the last request that it answered was sent, and the last that it
// may have cut was cut, longer ago than any request takes, and its answer is no news
// either. Where answers do not name their pods the last request is taken to have come
// when the proxies had certainly forgotten it; on a connection that clients keep one may
// come at any time.
func (a *account) hadNothingLeft(t *traffic) bool {
	spare := t.longest() + smallMargin
	switch {
	case !a.lastCut.IsZero() && a.Exited.From.Sub(a.lastCut) <= spare:
		return false
	case a.LastAnswered.Known():
		return a.Exited.From.Sub(a.lastSent) > spare && a.Exited.From.Sub(a.LastAnswered.To) > smallMargin
	case t.podsNamed || t.keeps || !a.LeftSlice.Known():
		return false
	default:
		return a.Exited.From.Sub(later(a.LeftSlice.To, a.Sigterm.To).Add(looseProxyLag)) > spare
	}
}
