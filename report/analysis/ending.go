package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// termination is a Termination in the making.
type termination struct {
	report.Termination

	created time.Time
	// fresh are the connections made around its leaving the slice; forgotten is
	// when the traffic shows that no proxy sent anything to it any more, zero
	// if it does not show it.
	fresh     []refusals
	forgotten time.Time
	// answers counts its answers from firstCounted to its end's beginning.
	answers      int
	firstCounted time.Time
	// cut is when requests on its own connections were cut: the first and the
	// last of them. Not known if none was.
	cut     report.Interval
	address string
	// wasReady tells whether a slice ever called it ready.
	wasReady bool
	// container is the first main container's name.
	container string
	// hooks are those of its main containers, none among them.
	hooks []hook
	// specGrace is the pod's own grace, which a deletion may have overridden.
	specGrace time.Duration
	// liveness is the probe by which the container was restarted.
	liveness    *recording.Probe
	memoryLimit int64
	// servedOn counts, by connection, the answers to requests that were sent
	// after SIGTERM; unmoved tells that one connection carried several.
	servedOn map[connection]int
	unmoved  bool
	// again is the first answer after a container's end.
	again time.Time
	// underWayAnywhere tells for each stream of long requests whether any pod had
	// one when this one's end began.
	underWayAnywhere map[string]bool
	// lostInFlight tells whether its end cut a request.
	lostInFlight bool
}

// hook is one main container's preStop hook.
type hook struct {
	kind  recording.PreStopKind
	sleep time.Duration
}

// connection is one of a stream's connections.
type connection struct {
	stream string
	id     uint64
}

// killedAfterGrace is the exit code of SIGKILL: 128 + 9.
const killedAfterGrace = 137

// begin is the earliest moment at which the termination can have had an effect.
func (t *termination) begin() time.Time {
	for _, i := range []report.Interval{t.Requested, t.KubeletStarted, t.Seen, t.Exited, t.Gone} {
		if i.Known() {
			return i.From
		}
	}
	return time.Time{}
}

// begunBy is the moment by which the termination had certainly begun. The
// earliest one may lie up to a second before the request, because
// deletionTimestamp has whole seconds.
func (t *termination) begunBy() time.Time {
	if t.Requested.Known() {
		return t.Requested.To
	}
	return t.begin()
}

// deadline is when the kubelet kills what still runs. It counts the grace from
// its own start, not from the deletion (kubernetes pkg/kubelet/kuberuntime,
// killContainer), and never gives less than 2 s after preStop.
func (t *termination) deadline() report.Interval {
	start := t.KubeletStarted
	if !start.Known() {
		start = report.Interval{From: t.begin(), To: t.begin().Add(time.Second)}
	}
	return shifted(start, time.Duration(t.Grace))
}

// killed tells whether it was still running when its grace ended.
func (t *termination) killed() bool {
	if t.ExitCode == nil || *t.ExitCode != killedAfterGrace || t.ExitReason == "OOMKilled" || !t.Exited.Known() {
		return false
	}
	// The timer rounds by up to a second, and adds two where preStop used up
	// the grace.
	const early, late = time.Second, 3 * time.Second
	deadline := t.deadline()
	return !t.Exited.To.Before(deadline.From.Add(-early)) && !t.Exited.From.After(deadline.To.Add(late))
}

// forced tells whether it was given no time at all: the object goes at once, and
// its containers get about 2 s (kubernetes pkg/kubelet/kuberuntime,
// minimumGracePeriodInSeconds).
func (t *termination) forced() bool { return t.Container == "" && t.Grace == 0 && t.Requested.Known() }

// nature is the cause that lies in who ended it; empty where it lies in how the
// pod behaved.
func (t *termination) nature() report.Cause {
	switch t.EndedBy {
	case report.ByProbe, report.ByOOM, report.ByCrash:
		return report.Restarted
	case report.ByKill:
		return report.Killed
	case report.ByNode, report.ByNodePressure, report.ByNodeShutdown:
		return report.Node
	}
	if t.forced() || (t.killed() && time.Duration(t.Grace) < t.specGrace) {
		return report.Killed
	}
	return ""
}

// littleGrace is what a hook has to leave of the grace at the least: the kubelet
// gives as much in any case.
const littleGrace = leastGrace

// hookIsLong tells whether the hook, where its length is known, leaves too little
// of the grace.
func (t *termination) hookIsLong() bool {
	return t.PreStopSleep > 0 && time.Duration(t.Grace-t.PreStopSleep) <= littleGrace
}

// eatenByPreStop tells whether the hook left it too little of its grace, so that
// it was killed. The kubelet then gives 2 s more than the grace (killContainer):
// an exit that late shows it also where the hook's length is not known.
func (t *termination) eatenByPreStop() bool {
	switch {
	case t.PreStop == recording.PreStopNone || !t.killed():
		return false
	case t.PreStopSleep > 0:
		return t.hookIsLong()
	default:
		return t.Exited.From.After(t.deadline().To.Add(littleGrace / 2))
	}
}
