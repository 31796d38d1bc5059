package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// The containers of a pod share one network namespace (kubernetes.io/docs, Pods, "Pod
// networking"), so that another container than the one that declares the port may hold the
// connections to it: a web server, or a mesh's proxy to which a packet filter leads all that
// comes to the pod (istio.io, "Traffic routing"). Each container has its own SIGTERM and its
// own exit. The exit of a process closes all sockets that it has (exit(2)), at one moment:
// whichever container holds a connection cuts it by its exit, whatever the program behind it
// still does. From then on the pod answers nothing.
//
// This does not hold where only some of the pod's connections go through the other
// container: then answers that come later rule it out. Nor can it be told where the
// containers end within the same second, as exits are known to the second: what was cut then
// counts as the serving one's doing, as it is wherever the other one holds no connection.

// holders are the exits of other containers that may have cut the request: it was cut within
// their bounds, the container that serves had certainly not ended, and the pod is not known
// to have answered anything later.
func (t *suspect) holders(f *examined) []*report.ContainerExit {
	end := f.EndAt()
	switch {
	case t.Container != "", !t.serves, !t.KubeletStarted.Known(), !t.Exited.Known(), !f.brokenOff():
		return nil
	case end.Before(t.KubeletStarted.From.Add(-clockSlack)), !end.Before(t.Exited.From.Add(-clockSlack)):
		return nil
	case t.LastAnswered.Known() && t.LastAnswered.From.After(end.Add(delivery)):
		return nil
	}
	var fitting []*report.ContainerExit
	for i := range t.Exits {
		e := &t.Exits[i]
		if e.Container != t.container && e.Exited.Known() && within(end, e.Exited, clockSlack) && !f.SentAt().After(e.Exited.To) {
			fitting = append(fitting, e)
		}
	}
	return fitting
}

// brokenOff tells of a connection that ended with the request on it, as an exit ends it.
func (f *examined) brokenOff() bool {
	return (f.symptom == cutShort || f.symptom == cutOnReuse) && f.disconnected()
}

// cutByHolder tells how well it fits that another container held the connection, and cut it
// by its exit. Until the one that serves is told to stop, nothing else in the pod that was
// to end has a reason to. From then on the program may let go of what it has (its drain may
// have a limit of its own), and closes connections on which nothing is under way: so it
// fits loosely, and only what was held, or was cut together with such. What is cut right at
// SIGTERM in a pod that then stays until it is killed is the program's doing (uWSGI).
func (s *explainer) cutByHolder(f *examined, t *suspect) strength {
	end := f.EndAt()
	held := t.held(f) || t.holderCut.Known() && within(end, t.holderCut, sameMoment)
	switch {
	case len(t.holders(f)) == 0, f.life == nil && (f.proxied || !held):
		return 0
	case !t.signalled(end) && f.life != nil:
		return closeFit
	case !t.signalled(end):
		return looseFit
	case !held, t.killed() && t.mayHaveLetGo(f):
		return 0
	default:
		return looseFit
	}
}

// mayHaveLetGo tells of a request that was cut that this was so near to SIGTERM, as far as
// that is known, that the program may as well have let go of it then.
func (t *termination) mayHaveLetGo(f *examined) bool {
	return t.signalled(f.EndAt()) && f.EndAt().Before(t.Sigterm.To.Add(atOnce))
}

// findHolders notes when the exits of other containers may have cut requests that a pod
// held, and which of them certainly hold the pod's connections. The pods of one ReplicaSet
// all have the same containers.
func (s *explainer) findHolders(failures []examined) {
	owners := map[string]map[string]bool{}
	for i := range failures {
		f := &failures[i]
		if f.life == nil {
			continue
		}
		for _, t := range s.candidates(f) {
			end, fitting := f.EndAt(), t.holders(f)
			if !t.held(f) || len(fitting) == 0 {
				continue
			}
			if !t.holderCut.Known() {
				t.holderCut = at(end)
			}
			t.holderCut = report.Interval{From: earlier(t.holderCut.From, end), To: later(t.holderCut.To, end)}
			if len(fitting) > 1 || t.mayHaveLetGo(f) {
				continue
			}
			owner := t.Owner
			if !t.ofReplicaSet() {
				owner = t.UID
			}
			if owners[owner] == nil {
				owners[owner] = map[string]bool{}
			}
			owners[owner][fitting[0].Container] = true
		}
	}
	for _, t := range s.suspects {
		t.holding = owners[t.UID]
		if t.ofReplicaSet() {
			t.holding = owners[t.Owner]
		}
	}
}

// doors are the exits of the containers that hold the pod's connections after which a
// request found nobody who took it, although the one that serves had not ended.
func (t *suspect) doors(f *examined) []*report.ContainerExit {
	if len(t.holding) == 0 || t.Container != "" || !t.Exited.Known() || !f.refused() || f.proxied || !f.EndAt().Before(t.Exited.From.Add(-clockSlack)) {
		return nil
	}
	var closed []*report.ContainerExit
	for i := range t.Exits {
		if e := &t.Exits[i]; t.holding[e.Container] && e.Exited.Known() && !f.EndAt().Before(e.Exited.From.Add(-clockSlack)) {
			closed = append(closed, e)
		}
	}
	return closed
}

// lostBy are the exits of containers that hold the pod's connections by which one of its
// suspects may have lost the request, and whether that one may have lost it itself.
func (f *explained) lostBy(t *suspect) (exits []*report.ContainerExit, own bool) {
	switch f.manner {
	case cutByHolder:
		return t.holders(f.examined), t.mayHaveLetGo(f.examined)
	case turnedAway:
		exits = t.doors(f.examined)
		return exits, len(exits) == 0 || t.signalled(f.EndAt())
	default:
		return nil, true
	}
}

// holderOf gives the container whose exit has lost the failures, with an end at which it
// did, if it has lost half of them or more; nil if none has, or if several fit equally well.
func holderOf(failures []*explained) *holder {
	counts, ends, sidecars := map[string]int{}, map[string]*termination{}, map[string]bool{}
	laid, own, how := 0, false, heldRequests
	for _, f := range failures {
		some := false
		for _, t := range f.suspects {
			exits, itself := f.lostBy(t)
			own, some = own || itself, some || len(exits) > 0
			for _, e := range exits {
				counts[e.Container]++
				sidecars[e.Container] = e.Sidecar
				if ends[e.Container] == nil {
					ends[e.Container] = t.termination
				}
			}
		}
		if some {
			laid++
		}
		if f.manner == turnedAway {
			how = tookRequests
		}
	}
	name, most := "", 0
	for container, n := range counts {
		switch {
		case n > most:
			name, most = container, n
		case n == most:
			name = ""
		}
	}
	switch {
	case name == "" || 2*laid < len(failures):
		return nil
	case own && how == heldRequests:
		how = mayHaveHeld
	}
	return &holder{ends[name], &needed{name, sidecars[name], how}, own}
}
