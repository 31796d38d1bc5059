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
	Container string `json:"container,omitempty"`
	// Serves is the container that the service leads to, of a pod with several: the
	// hook, the stop signal and the exit are its own. Missing where it is not known.
	Serves  string  `json:"serves,omitempty"`
	EndedBy EndedBy `json:"endedBy"`
	// Grace is what the deletion granted.
	Grace Duration `json:"grace"`
	// PreStop is the hook's kind, PreStopSleep its length where that is known.
	PreStop      recording.PreStopKind `json:"preStop,omitempty"`
	PreStopSleep Duration              `json:"preStopSleep,omitempty"`
	// PreStopFailed is when the kubelet said that the hook had failed. Its sleep does
	// not count then: the stop signal followed at once.
	PreStopFailed Interval `json:"preStopFailed,omitzero"`
	// StopSignal is the one that is sent instead of SIGTERM, if another is. Sigterm is
	// its time.
	StopSignal string `json:"stopSignal,omitempty"`

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
	// LeftSlice is when no EndpointSlice called it ready any more; for a container's end
	// that may have been before.
	LeftSlice Interval `json:"leftSlice,omitzero"`
	// LastAnswered is the last answer that named it.
	LastAnswered Interval `json:"lastAnswered,omitzero"`
	// LastNew is when the last request was sent to it that it answered on a new connection.
	// Missing where answers do not name their pods, or a proxy keeps the connections.
	LastNew Interval `json:"lastNew,omitzero"`
	// FirstRefused is the first request that was turned away by it, as far as
	// requests were tied to it alone.
	FirstRefused Interval `json:"firstRefused,omitzero"`
	// Refused are such requests by their senders; missing where there were none, or where
	// the program itself sent.
	Refused []Refused `json:"refused,omitempty"`
	// Exited is when the container that serves ended or, where that is not known, the
	// first main one; Exits tells of each where there are several.
	Exited     Interval        `json:"exited,omitzero"`
	ExitCode   *int32          `json:"exitCode,omitempty"`
	ExitReason string          `json:"exitReason,omitempty"`
	Exits      []ContainerExit `json:"exits,omitempty"`
	// Gone is when the object was removed.
	Gone Interval `json:"gone,omitzero"`
	// Back is when a slice called the pod ready again after a container's end.
	Back Interval `json:"back,omitzero"`
	// OutOfService tells of a container's end that no request can have come to it: no
	// slice had called the pod ready since it began, as before a new pod is Ready for the
	// first time.
	OutOfService bool `json:"outOfService,omitempty"`

	// Covered tells for each stream whether this pod answered requests of it
	// shortly before its end; a stream that it never served proved nothing
	// about it. Missing where answers do not name their pods.
	Covered map[string]bool `json:"covered,omitempty"`
	// UnderWay tells for each stream of long requests (slow or streaming) how many
	// of them this pod had when its end began. Missing where answers do not name
	// their pods.
	UnderWay map[string]int `json:"underWay,omitempty"`
	// Window is what it did on its own address meanwhile; missing where nobody asked.
	Window  *Window `json:"window,omitempty"`
	Margins Margins `json:"margins"`
}

// Refused are the requests of one sender that a pod turned away.
type Refused struct {
	// Sender is its index, Node the one that it was on: whose proxy led them there.
	Sender   int       `json:"sender"`
	Node     string    `json:"node"`
	Requests int       `json:"requests"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// Margins tell how near a pod's end was to losing requests, on a pass too.
// A margin is missing where its moments are not known.
type Margins struct {
	// Drain is the time from "no slice calls it ready" to SIGTERM, the
	// earliest moment at which it may stop accepting. A negative or small one
	// relies on luck: proxies need up to a second to follow the slice.
	Drain *Duration `json:"drain,omitempty"`
	// GraceHeadroom is what was left of the grace at the exit.
	GraceHeadroom *Duration `json:"graceHeadroom,omitempty"`
	// SliceLag is the time from the first sight of the deletion to leaving the
	// slice.
	SliceLag *Duration `json:"sliceLag,omitempty"`
	// LastAnswer is the time from the first sight of the deletion to the last
	// answer.
	LastAnswer *Duration `json:"lastAnswer,omitempty"`
	// Outlasts bounds the time from leaving the slice to the last connection to its own
	// address that was accepted and answered: for how long a balancer may still send to it.
	Outlasts *Span `json:"outlasts,omitempty"`
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
