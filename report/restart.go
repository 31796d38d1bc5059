package report

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// restart is the end of one container whose pod went on.
func (p *podHistory) restart(e containerExit, events []kubeEvent, authors *authors, clock span) *Termination {
	t := p.begun()
	t.Container, t.container = e.container.Name, e.container.Name
	t.ExitCode, t.ExitReason = &e.exit.Code, e.exit.Reason
	t.Exited = finished(e.exit, e.seen, clock)
	t.liveness, t.memoryLimit = e.container.Liveness, e.container.MemoryLimit
	t.EndedBy = ByCrash
	killing := probeKilling(events, t, clock)
	switch {
	case e.exit.Reason == "OOMKilled":
		t.EndedBy = ByOOM
	case authors.killed(t):
		t.EndedBy = ByKill
	case killing.Known():
		t.EndedBy = ByProbe
		t.KubeletStarted = killing
		t.PreStop, t.PreStopSleep = e.container.PreStop, Duration(e.container.PreStopSleep)
		t.hooks = []hook{{e.container.PreStop, e.container.PreStopSleep}}
		t.Sigterm = sigterm(t)
	}
	return t
}

// probeKilling finds the kubelet's decision to restart the container: the last
// one before its exit, and no earlier than the grace allows.
func probeKilling(events []kubeEvent, t *Termination, clock span) Interval {
	const slow = 5 * time.Second
	var last Interval
	for _, e := range events {
		if !e.restarts() || e.container() != t.Container {
			continue
		}
		when := e.when(clock)
		if when.From.After(t.Exited.To.Add(clockSlack)) || when.To.Before(t.Exited.From.Add(-time.Duration(t.Grace)-slow)) {
			continue
		}
		last = when
	}
	return last
}

// pending gives the restart that a failed probe has begun and whose exit was not
// seen before the watch ended; nil if there is none.
func (p *podHistory) pending(seen []*Termination, events []kubeEvent, clock span) *Termination {
	for _, e := range slices.Backward(events) {
		if !e.restarts() {
			continue
		}
		when := e.when(clock)
		for _, t := range seen {
			if t.UID == p.first.UID && !t.Exited.To.Before(when.From.Add(-clockSlack)) {
				return nil
			}
		}
		t := p.begun()
		t.Container, t.container = e.container(), e.container()
		t.EndedBy, t.KubeletStarted = ByProbe, when
		for _, c := range p.last.Containers {
			if c.Name == t.Container {
				t.liveness, t.memoryLimit = c.Liveness, c.MemoryLimit
				t.PreStop, t.PreStopSleep = c.PreStop, Duration(c.PreStopSleep)
				t.hooks = []hook{{c.PreStop, c.PreStopSleep}}
			}
		}
		t.Sigterm = sigterm(t)
		return t
	}
	return nil
}

// authors are the ends that the run itself asked for, by pod.
type authors struct {
	requests map[string][]asked
	// cordoned are the times at which nodes were seen to be closed to new
	// pods.
	cordoned map[string][]cordon
}

type asked struct {
	disruption check.DisruptionKind
	at         time.Time
}

type cordon struct {
	at time.Time
	on bool
}

func readAuthors(r *recording.Recording) *authors {
	a := &authors{requests: map[string][]asked{}, cordoned: map[string][]cordon{}}
	for i := range r.Actions {
		action := &r.Actions[i]
		if action.Kind != recording.Requested {
			continue
		}
		for _, uid := range action.DoomedUIDs {
			a.requests[uid] = append(a.requests[uid], asked{action.Name, action.At})
		}
	}
	for event := range r.Events.ButSlices() {
		if n := event.Node; n != nil {
			a.cordoned[n.Name] = append(a.cordoned[n.Name], cordon{event.At, n.Unschedulable})
		}
	}
	return a
}

// killed tells whether the run had sent the container a signal before its exit.
func (a *authors) killed(t *Termination) bool {
	for _, r := range a.requests[t.UID] {
		if r.disruption == check.KindKill && !t.Exited.To.Before(r.at.Add(-clockSlack)) {
			return true
		}
	}
	return false
}

// refine tells a drain from other evictions.
func (a *authors) refine(t *Termination) {
	if t.EndedBy != ByEviction {
		return
	}
	if asked := a.requests[t.UID]; len(asked) > 0 {
		if asked[0].disruption == check.KindDrain {
			t.EndedBy = ByDrain
		}
		return
	}
	closed := false
	for _, c := range a.cordoned[t.Node] {
		if c.at.After(t.begunBy()) {
			break
		}
		closed = c.on
	}
	if closed {
		t.EndedBy = ByDrain
	}
}
