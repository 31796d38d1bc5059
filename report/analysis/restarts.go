package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// interruptions are the ends of containers whose pod went on.
func (p *podHistory) interruptions(kills map[*recording.Exit]killing, events []kubeEvent, clock span) []*ending {
	var all []*ending
	for _, e := range p.exits {
		if !e.old {
			kill, killed := kills[e.exit]
			t := p.restart(e, killed, events, clock)
			if t.EndedBy == report.ByKill {
				t.killedBy(kill)
			}
			all = append(all, t)
		}
	}
	if pending := p.pending(all, events, clock); pending != nil && !p.ended() {
		all = append(all, pending)
	}
	return all
}

// takenOut adds to the ends of a pod's containers what the slices tell of each.
func takenOut(interruptions []*ending, endpoints *endpoints) {
	left := map[string]time.Time{} // by container, for the end of the process before
	for _, t := range interruptions {
		i := endpoints.interruption(process{
			uid: t.UID, started: t.started, returned: t.returned, left: left[t.Container],
			end: report.Interval{From: t.begin(), To: t.exit().To},
		})
		t.LeftSlice, t.Back = i.left, i.back
		t.OutOfService, t.wasReady, t.unseen = !i.reached, i.inRotation, i.unseen
		left[t.Container] = later(left[t.Container], i.left.To)
	}
}

// restart is the end of one container whose pod went on.
func (p *podHistory) restart(e containerExit, killed bool, events []kubeEvent, clock span) *ending {
	t := p.begun()
	t.Container, t.container, t.sidecar = e.container.Name, e.container.Name, e.container.Sidecar
	t.ExitCode, t.ExitReason = &e.exit.Code, e.exit.Reason
	t.Exited = finished(e.exit, e.seen, clock)
	t.started, t.returned = p.startedBy(t.Container, e.exit, clock), e.returned
	t.liveness, t.memoryLimit = e.container.Liveness, e.container.MemoryLimit
	t.EndedBy = report.ByCrash
	killing := probeKilling(events, t, clock)
	switch {
	case e.exit.Reason == "OOMKilled":
		t.EndedBy = report.ByOOM
	case killed:
		t.EndedBy = report.ByKill
	case killing.Known():
		t.EndedBy = report.ByProbe
		t.KubeletStarted = killing
		t.readHooks([]recording.Container{*e.container}, events, clock)
		t.Sigterm = sigterm(t)
	}
	return t
}

// killedBy takes a signal of the run's as the one by which the container was told to
// stop, unless it is one that tells a program nothing.
func (t *ending) killedBy(k killing) {
	if k.signal == check.SIGKILL {
		return
	}
	t.Sigterm = notAfter(k.sent, t.Exited.To)
	if k.signal != check.SIGTERM {
		t.StopSignal = string(k.signal)
	}
}

// probeKilling finds the kubelet's decision to restart the container: the last
// one before its exit, and no earlier than the grace allows.
func probeKilling(events []kubeEvent, t *ending, clock span) report.Interval {
	const slow = 5 * time.Second
	var last report.Interval
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
func (p *podHistory) pending(seen []*ending, events []kubeEvent, clock span) *ending {
	for _, e := range slices.Backward(events) {
		if !e.restarts() {
			continue
		}
		when := e.when(clock)
		for _, t := range seen {
			if !t.Exited.To.Before(when.From.Add(-clockSlack)) {
				return nil
			}
		}
		t := p.begun()
		t.Container, t.container = e.container(), e.container()
		t.started = p.startedBy(t.Container, nil, clock)
		t.EndedBy, t.KubeletStarted = report.ByProbe, when
		for _, c := range p.last.Containers {
			if c.Name == t.Container {
				t.sidecar = c.Sidecar
				t.liveness, t.memoryLimit = c.Liveness, c.MemoryLimit
				t.readHooks([]recording.Container{c}, events, clock)
			}
		}
		t.Sigterm = sigterm(t)
		return t
	}
	return nil
}
