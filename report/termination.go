package report

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// EndedBy is who ended a pod.
type EndedBy string

// The ones who end pods, as far as they can be told apart.
const (
	ByRollout    EndedBy = "rollout"
	ByScaleDown  EndedBy = "scale-down"
	ByEviction   EndedBy = "eviction"
	ByDrain      EndedBy = "drain"
	ByDelete     EndedBy = "delete"
	ByPreemption EndedBy = "preemption"
	ByTaint      EndedBy = "taint"
	ByPodGC      EndedBy = "pod-gc"
	// ByNode is a kubelet that ends a pod of its own accord, the other two are
	// the reasons it may give.
	ByNode         EndedBy = "node"
	ByNodePressure EndedBy = "node-pressure"
	ByNodeShutdown EndedBy = "node-shutdown"
)

// The ones who end a container while its pod goes on.
const (
	ByKill  EndedBy = "kill"
	ByProbe EndedBy = "probe"
	ByOOM   EndedBy = "out-of-memory"
	ByCrash EndedBy = "crash"
)

// Termination is the end of one pod, or of one container whose pod goes on.
// Each moment is an interval, because most of them are known only to the second
// or through somebody else's clock.
type Termination struct {
	Pod   string `json:"pod"`
	UID   string `json:"uid"`
	Node  string `json:"node,omitempty"`
	Owner string `json:"owner,omitempty"`
	// Container is the one that ended while the pod went on; empty for the end
	// of a pod.
	Container string  `json:"container,omitempty"`
	EndedBy   EndedBy `json:"endedBy"`
	// Grace is what the deletion granted.
	Grace Duration `json:"grace"`
	// PreStop is the hook's kind, PreStopSleep its length where that is known.
	PreStop      recording.PreStopKind `json:"preStop,omitempty"`
	PreStopSleep Duration              `json:"preStopSleep,omitempty"`

	// Requested is the deletion request: the deletionTimestamp minus the
	// grace, bounded by the watch and by the controller's own event.
	Requested Interval `json:"requested,omitzero"`
	// Seen is when the pod was first seen to be terminating.
	Seen Interval `json:"seen,omitzero"`
	// KubeletStarted is the kubelet's Killing event: preStop begins, or
	// SIGTERM is sent.
	KubeletStarted Interval `json:"kubeletStarted,omitzero"`
	// Sigterm is the stop signal, as closely as the hook's kind tells.
	Sigterm Interval `json:"sigterm,omitzero"`
	// LeftSlice is when an EndpointSlice no longer called it ready.
	LeftSlice Interval `json:"leftSlice,omitzero"`
	// LastAnswered is the last answer that named it.
	LastAnswered Interval `json:"lastAnswered,omitzero"`
	// FirstRefused is the first request that was turned away by it, as far as
	// requests were tied to it alone.
	FirstRefused Interval `json:"firstRefused,omitzero"`
	// Exited is when its first main container ended; Exits tells of each where
	// there are several.
	Exited     Interval        `json:"exited,omitzero"`
	ExitCode   *int32          `json:"exitCode,omitempty"`
	ExitReason string          `json:"exitReason,omitempty"`
	Exits      []ContainerExit `json:"exits,omitempty"`
	// Gone is when the object was removed.
	Gone Interval `json:"gone,omitzero"`
	// Back is when a slice called the pod ready again after a container's end.
	Back Interval `json:"back,omitzero"`

	// Covered tells for each stream whether this pod answered requests of it
	// shortly before its end; a stream that it never served proved nothing
	// about it. Missing where answers do not name their pods.
	Covered map[string]bool `json:"covered,omitempty"`
	// UnderWay tells for each stream of long requests (slow or streaming) how many
	// of them this pod had when its end began. Missing where answers do not name
	// their pods.
	UnderWay map[string]int `json:"underWay,omitempty"`
	Margins  Margins        `json:"margins"`

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
	cut     Interval
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

// ContainerExit is the end of one of a pod's containers.
type ContainerExit struct {
	Container string `json:"container"`
	// Sidecar is one that gets its SIGTERM after the main containers have
	// ended (KEP-753).
	Sidecar    bool     `json:"sidecar,omitempty"`
	ExitCode   int32    `json:"exitCode"`
	ExitReason string   `json:"exitReason,omitempty"`
	Exited     Interval `json:"exited,omitzero"`
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
func (t *Termination) begin() time.Time {
	for _, i := range []Interval{t.Requested, t.KubeletStarted, t.Seen, t.Exited, t.Gone} {
		if i.Known() {
			return i.From
		}
	}
	return time.Time{}
}

// begunBy is the moment by which the termination had certainly begun. The
// earliest one may lie up to a second before the request, because
// deletionTimestamp has whole seconds.
func (t *Termination) begunBy() time.Time {
	if t.Requested.Known() {
		return t.Requested.To
	}
	return t.begin()
}

// deadline is when the kubelet kills what still runs. It counts the grace from
// its own start, not from the deletion (kubernetes pkg/kubelet/kuberuntime,
// killContainer), and never gives less than 2 s after preStop.
func (t *Termination) deadline() Interval {
	start := t.KubeletStarted
	if !start.Known() {
		start = Interval{From: t.begin(), To: t.begin().Add(time.Second)}
	}
	return start.shift(time.Duration(t.Grace))
}

// killed tells whether it was still running when its grace ended.
func (t *Termination) killed() bool {
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
func (t *Termination) forced() bool { return t.Container == "" && t.Grace == 0 && t.Requested.Known() }

// nature is the cause that lies in who ended it; empty where it lies in how the
// pod behaved.
func (t *Termination) nature() Cause {
	switch t.EndedBy {
	case ByProbe, ByOOM, ByCrash:
		return Restarted
	case ByKill:
		return Killed
	case ByNode, ByNodePressure, ByNodeShutdown:
		return Node
	}
	if t.forced() || (t.killed() && time.Duration(t.Grace) < t.specGrace) {
		return Killed
	}
	return ""
}

// littleGrace is what a hook has to leave of the grace at the least: the kubelet
// gives as much in any case.
const littleGrace = leastGrace

// hookIsLong tells whether the hook, where its length is known, leaves too little
// of the grace.
func (t *Termination) hookIsLong() bool {
	return t.PreStopSleep > 0 && time.Duration(t.Grace-t.PreStopSleep) <= littleGrace
}

// eatenByPreStop tells whether the hook left it too little of its grace, so that
// it was killed. The kubelet then gives 2 s more than the grace (killContainer):
// an exit that late shows it also where the hook's length is not known.
func (t *Termination) eatenByPreStop() bool {
	switch {
	case t.PreStop == recording.PreStopNone || !t.killed():
		return false
	case t.PreStopSleep > 0:
		return t.hookIsLong()
	default:
		return t.Exited.From.After(t.deadline().To.Add(littleGrace / 2))
	}
}
