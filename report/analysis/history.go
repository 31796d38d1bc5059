package analysis

import (
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// readEndings finds the end of every pod, and of every container whose pod
// went on, in what was recorded. They are in the order in which they began.
func readEndings(r *recording.Recording, senders []*sender, endpoints *endpoints) []*ending {
	clocks, kube := readClocks(&r.Events, doubtOf(senders)), kubeEvents(&r.Events)
	owners, own, logs := readControllers(&r.Events, clocks), readRequests(r), readLogs(&r.Events)
	unwatched := gaps(&r.Events)

	var ended []*ending
	for _, p := range histories(&r.Events, &r.Header.Workload) {
		node, events := clocks.node(p.last.Node), kube[p.first.UID]
		interruptions := p.interruptions(own.kills(p, node), events, node)
		takenOut(interruptions, endpoints)
		ended = append(ended, interruptions...)
		if !p.ended() {
			continue
		}
		t := p.ending(events, clocks)
		t.EndedBy = owners.endedBy(p, t, own)
		t.Requested = owners.boundRequest(t, p.last)
		t.LeftSlice, t.wasReady = endpoints.leave(t.UID)
		t.published = endpoints.published(t.UID)
		t.Sigterm, t.saidSo = logs.narrow(sigterm(t), t, node)
		t.Exited = t.diedAfterSigterm()
		t.answeredProbe = p.answeredProbe(t, unwatched)
		t.shutPort = t.closedPort(events, node, p.workload.TargetPorts)
		ended = append(ended, t)
	}
	slices.SortStableFunc(ended, func(a, b *ending) int { return a.begin().Compare(b.begin()) })
	for i, t := range ended {
		t.number = i
	}
	return ended
}

// histories gathers the observations by pod, in the order of first sight.
func histories(events *recording.Events, workload *recording.Workload) []*podHistory {
	pods := map[string]*podHistory{}
	var order []*podHistory
	for event := range events.ButSlices() {
		o := event.Pod
		if o == nil {
			continue
		}
		p := pods[o.UID]
		if p == nil {
			p = &podHistory{first: o, workload: workload}
			pods[o.UID] = p
			order = append(order, p)
		}
		p.observe(event.At, o)
	}
	return order
}

// podHistory gathers what the observations of one pod tell about its end. The
// deletion is latched at first sight: the kubelet's last delete sets a new
// timestamp and no grace.
type podHistory struct {
	// workload is the header's.
	workload    *recording.Workload
	first, last *recording.PodObservation
	terminating *recording.PodObservation
	seen        time.Time
	// seenLive is false where the pod was terminating when it was first met.
	seenLive bool
	// failed is when the pod was seen to be over although nobody had deleted
	// it: its kubelet ended it.
	failed time.Time
	// exit is that of the container that serves, exited what showed it.
	exit     *recording.Exit
	exitSeen time.Time
	exited   *recording.PodObservation
	gone     time.Time
	// exits are those of containers while the pod went on.
	exits []containerExit
	// unready are the containers, by name, that ran without being Ready while the pod was
	// ending.
	unready map[string]bool
}

// containerExit is the end of one container, as it was first seen.
type containerExit struct {
	container *recording.Container
	exit      *recording.Exit
	seen      time.Time
	// old marks an exit from before the pod was met.
	old bool
	// returned is when the container was first seen to be Ready again; zero if it was not.
	returned time.Time
}

func (p *podHistory) observe(at time.Time, o *recording.PodObservation) {
	switch {
	case o.DeletionTimestamp != nil || o.Change == recording.Deleted:
	case over(o):
		if p.failed.IsZero() && p.seenLive {
			p.failed = at
		}
	default:
		p.seenLive = true
		p.observeExits(at, o)
	}
	if p.terminating == nil && o.DeletionTimestamp != nil {
		p.terminating, p.seen = o, at
	}
	p.observeReadiness(o)
	if p.exit == nil && (p.terminating != nil || over(o)) {
		if p.exit = servingExit(o.Containers, p.workload); p.exit != nil {
			p.exitSeen, p.exited = at, o
		}
	}
	if o.Change == recording.Deleted {
		p.gone = at
	}
	p.last = o
}

// over tells whether all containers are done for good.
func over(o *recording.PodObservation) bool { return o.Phase == "Failed" || o.Phase == "Succeeded" }

// observeExits notes each container's end once. The same one shows first as the
// present state and after the restart as the last one.
func (p *podHistory) observeExits(at time.Time, o *recording.PodObservation) {
	for i := range o.Containers {
		c := &o.Containers[i]
		for _, exit := range []*recording.Exit{c.Last, c.Terminated} {
			if exit == nil || exit.FinishedAt.IsZero() {
				continue
			}
			known := slices.ContainsFunc(p.exits, func(e containerExit) bool {
				return e.container.Name == c.Name && e.exit.FinishedAt.Equal(exit.FinishedAt)
			})
			if !known {
				p.exits = append(p.exits, containerExit{container: c, exit: exit, seen: at, old: o == p.first})
			}
		}
		if c.Terminated == nil && (c.Ready || o.Ready) {
			p.returns(c.Name, at)
		}
	}
}

// returns notes that the container is Ready again.
func (p *podHistory) returns(container string, at time.Time) {
	for i := range p.exits {
		if e := &p.exits[i]; e.container.Name == container && e.returned.IsZero() {
			e.returned = at
		}
	}
}

// startedBy is the earliest moment at which the container's process can have begun that
// ended then: not before the pod was made, nor before the end of the process before it.
func (p *podHistory) startedBy(container string, exit *recording.Exit, clock span) time.Time {
	started := p.first.Created
	if exit != nil && !exit.StartedAt.IsZero() {
		started = later(started, here(at(exit.StartedAt), clock).From)
	}
	for _, e := range p.exits {
		if e.container.Name == container && (exit == nil || e.exit.FinishedAt.Before(exit.FinishedAt)) {
			started = later(started, finished(e.exit, e.seen, clock).From)
		}
	}
	return started
}

// ended tells whether the pod ended while it was watched.
func (p *podHistory) ended() bool {
	return p.seenLive && (p.terminating != nil || !p.gone.IsZero() || !p.failed.IsZero())
}

// deleted is when the deletion was first seen.
func (p *podHistory) deleted() time.Time {
	if p.seen.IsZero() {
		return p.gone
	}
	return p.seen
}

// begun is an ending with what holds for each end of the pod.
func (p *podHistory) begun() *ending {
	o := p.last
	t := &ending{
		Termination: report.Termination{Pod: o.Name, UID: o.UID, Node: o.Node, Grace: report.Duration(o.Grace)},
		specGrace:   o.Grace,
	}
	if o.OwnerKind != "" {
		t.Owner = strings.ToLower(o.OwnerKind) + "/" + o.OwnerName
	}
	return t
}

// ending is the end of the pod itself.
func (p *podHistory) ending(events []kubeEvent, clocks *clocks) *ending {
	t := p.begun()
	node := clocks.node(t.Node)
	containers, known := whoServes(p.last.Containers, p.workload)
	t.serves, t.containers = known, p.last.Containers
	for _, c := range containers {
		if t.container == "" {
			t.container, t.sidecar = c.Name, c.Sidecar
			t.StopSignal = stopSignal(c)
		}
	}
	if d := p.terminating; d != nil {
		if d.DeletionGrace != nil {
			t.Grace = report.Duration(*d.DeletionGrace)
		}
		t.Seen = sourced(at(p.seen), "first sight of the deletionTimestamp")
		from := d.DeletionTimestamp.Add(-time.Duration(t.Grace))
		requested := here(report.Interval{From: from, To: from.Add(time.Second)}, clocks.apiserver())
		t.Requested = sourced(notAfter(requested, p.seen), "deletionTimestamp less the grace")
	}
	t.KubeletStarted = startOfKilling(events, t.Requested.From, node)
	if known && len(p.last.Containers) > 1 {
		t.Serves = t.container
	}
	if p.exit != nil {
		t.ExitCode, t.ExitReason = &p.exit.Code, p.exit.Reason
		t.Exited = notBefore(finished(p.exit, p.exitSeen, node), t.KubeletStarted.From)
		t.Exited.From = t.diedFrom()
		t.Exits = exitsOf(p.exited, p.exitSeen, node)
	}
	if !t.Exited.Known() && !p.failed.IsZero() && t.KubeletStarted.Known() {
		// A kubelet that lost sight of its containers tells no times of them.
		t.Exited = sourced(report.Interval{From: t.KubeletStarted.From, To: p.failed}, "between the kubelet's start and the first sight of the pod's end")
	}
	t.readHooks(containers, events, node)
	t.readOthers(events, node)
	if !p.gone.IsZero() {
		t.Gone = sourced(at(p.gone), "the object's removal")
	}
	return t
}

// finished is the time of an exit, which the kubelet tells in whole seconds of
// its node's clock.
func finished(e *recording.Exit, seen time.Time, clock span) report.Interval {
	if e.FinishedAt.IsZero() {
		return report.Interval{}
	}
	whole := here(report.Interval{From: e.FinishedAt, To: e.FinishedAt.Add(time.Second)}, clock)
	return sourced(notAfter(whole, seen), "finishedAt of the container")
}

// startOfKilling is when the kubelet began to end the pod, by the first such
// event that is not from before the deletion.
func startOfKilling(events []kubeEvent, requested time.Time, clock span) report.Interval {
	for _, e := range events {
		if e.Reason != "Killing" || e.Emitted.IsZero() || e.restarts() {
			continue
		}
		if when := e.when(clock); !when.To.Before(requested.Add(-clockSlack)) {
			return when
		}
	}
	return report.Interval{}
}

// stopSignal is the one that a container gets instead of SIGTERM, if it gets another.
func stopSignal(c recording.Container) string {
	if c.StopSignal == sigtermName {
		return ""
	}
	return c.StopSignal
}

// mains are the containers that are not sidecars.
func mains(containers []recording.Container) []recording.Container {
	return slices.DeleteFunc(slices.Clone(containers), func(c recording.Container) bool { return c.Sidecar })
}

// servingExit is the exit of the container that serves. Where that is not known it is
// that of the first main container (the template's first), which by the convention of kubectl is the one that
// matters, once all main ones have ended: until then a terminating pod's statuses are
// stale (kubernetes#106896).
func servingExit(containers []recording.Container, workload *recording.Workload) *recording.Exit {
	var first *recording.Exit
	some, _ := whoServes(containers, workload)
	for _, c := range some {
		if c.Terminated == nil {
			return nil
		}
		if first == nil {
			first = c.Terminated
		}
	}
	return first
}

// exitsOf tells each container's end, where there are several.
func exitsOf(o *recording.PodObservation, seen time.Time, clock span) []report.ContainerExit {
	if o == nil || len(o.Containers) < 2 {
		return nil
	}
	var exits []report.ContainerExit
	for _, c := range o.Containers {
		if c.Terminated != nil {
			exits = append(exits, report.ContainerExit{
				Container: c.Name, Sidecar: c.Sidecar, ExitCode: c.Terminated.Code, ExitReason: c.Terminated.Reason, Exited: finished(c.Terminated, seen, clock),
			})
		}
	}
	return exits
}
