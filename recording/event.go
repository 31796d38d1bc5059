package recording

import (
	"strconv"
	"time"
)

// Event is one thing the watches saw, at the time it arrived here. Exactly one
// of its observations is set.
type Event struct {
	// At is the arrival on the harness's clock, stamped before any queue.
	At time.Time `json:"at"`

	Pod        *PodObservation        `json:"pod,omitempty"`
	Slice      *SliceObservation      `json:"slice,omitempty"`
	Kube       *KubeEvent             `json:"kube,omitempty"`
	ReplicaSet *ReplicaSetObservation `json:"replicaSet,omitempty"`
	Workload   *WorkloadObservation   `json:"workload,omitempty"`
	Node       *NodeObservation       `json:"node,omitempty"`
	Lease      *LeaseObservation      `json:"lease,omitempty"`
	Log        *LogLine               `json:"log,omitempty"`
	Gap        *Gap                   `json:"gap,omitempty"`
}

// Change is what a watch said about an object.
type Change string

// The changes. Listed is an object met in a (re)list rather than in a watch:
// the state is true, the time of its change is not known.
const (
	Listed   Change = "listed"
	Added    Change = "added"
	Modified Change = "modified"
	Deleted  Change = "deleted"
)

// PodObservation is a pod as one watch event showed it.
type PodObservation struct {
	Change          Change    `json:"change"`
	Name            string    `json:"name"`
	UID             string    `json:"uid"`
	ResourceVersion string    `json:"resourceVersion"`
	Created         time.Time `json:"created"`
	Node            string    `json:"node,omitempty"`
	IP              string    `json:"ip,omitempty"`
	// HostIP is the address of its node.
	HostIP string `json:"hostIP,omitempty"`
	// OwnerKind, OwnerName and OwnerUID are the controller's.
	OwnerKind string `json:"ownerKind,omitempty"`
	OwnerName string `json:"ownerName,omitempty"`
	OwnerUID  string `json:"ownerUID,omitempty"`
	// Revision is the label by which the controller tells templates apart
	// (pod-template-hash or controller-revision-hash).
	Revision string `json:"revision,omitempty"`
	Phase    string `json:"phase"`
	Reason   string `json:"reason,omitempty"`
	Ready    bool   `json:"ready"`
	// DeletionTimestamp and DeletionGrace are metadata's: the time of the
	// request plus the grace, truncated to seconds.
	DeletionTimestamp *time.Time     `json:"deletionTimestamp,omitempty"`
	DeletionGrace     *time.Duration `json:"deletionGrace,omitempty"`
	// DisruptionTarget is the reason of that condition, where it is true.
	DisruptionTarget string `json:"disruptionTarget,omitempty"`
	// Grace is the spec's terminationGracePeriodSeconds.
	Grace time.Duration `json:"grace"`
	// HasReadinessProbe tells whether a container has one.
	HasReadinessProbe bool `json:"hasReadinessProbe"`
	// Containers are the pod's main containers and, marked as such, its
	// sidecars: the ones that live as long as it does.
	Containers []Container `json:"containers,omitempty"`
}

// PreStopKind is the kind of a preStop hook.
type PreStopKind string

// The kinds of preStop hooks.
const (
	PreStopNone  PreStopKind = ""
	PreStopSleep PreStopKind = "sleep"
	PreStopExec  PreStopKind = "exec"
	PreStopHTTP  PreStopKind = "httpGet"
	// PreStopTCP is one that the API takes and the kubelet cannot run
	// (core/v1 LifecycleHandler.TCPSocket).
	PreStopTCP PreStopKind = "tcpSocket"
)

// Container is one container's spec and status, as far as its end matters.
type Container struct {
	Name    string      `json:"name"`
	PreStop PreStopKind `json:"preStop,omitempty"`
	// PreStopSleep is the length of a native sleep hook.
	PreStopSleep time.Duration `json:"preStopSleep,omitempty"`
	// PreStopQuit is the step of a hook that itself tells the container's server to stop;
	// nil where it does not for certain. Recordings of older versions do not have it.
	PreStopQuit *Quit `json:"preStopQuit,omitempty"`
	// Sidecar is an init container that is always restarted (KEP-753): its
	// SIGTERM comes after the main containers have ended.
	Sidecar bool `json:"sidecar,omitempty"`
	// Ports are those that the spec declares. It need not declare any.
	Ports []Port `json:"ports,omitempty"`
	// StopSignal is the one that the spec names instead of SIGTERM or, where the
	// status tells it, the image.
	StopSignal string `json:"stopSignal,omitempty"`
	// Server is the kind of server that runs in it, as far as its command or its
	// image's name tells (see manifest.Server).
	Server string `json:"server,omitempty"`
	// ServerBy is which of the two tells: "command" or "image". Recordings of older
	// versions do not have it.
	ServerBy string `json:"serverBy,omitempty"`
	// ReadinessPort is the port of the pod that its readiness probe connects to, 0 where
	// it has none, runs a command, or asks another host. Recordings of older versions do
	// not have it.
	ReadinessPort int32 `json:"readinessPort,omitempty"`
	// Readiness is the probe that keeps requests away. Recordings of older versions do not
	// have it.
	Readiness *Probe `json:"readiness,omitempty"`
	// Liveness is the probe that restarts the container.
	Liveness *Probe `json:"liveness,omitempty"`
	// MemoryLimit is in bytes, 0 for none.
	MemoryLimit int64 `json:"memoryLimit,omitempty"`
	// Waiting is why it does not run, where it does not.
	Waiting   string     `json:"waiting,omitempty"`
	Ready     bool       `json:"ready,omitempty"`
	Restarts  int32      `json:"restarts,omitempty"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	// Terminated is the present state's, or after a restart the last one's.
	Terminated *Exit `json:"terminated,omitempty"`
	Last       *Exit `json:"last,omitempty"`
}

// Quit is a step of a preStop hook that tells the server to stop, such as kill -QUIT 1.
type Quit struct {
	// Command is the step, in short.
	Command string `json:"command"`
	// After is how long the hook sleeps before it, at the least. Exact tells that it does
	// nothing else before it that takes time.
	After time.Duration `json:"after"`
	Exact bool          `json:"exact,omitempty"`
}

// Port is one that a container listens on.
type Port struct {
	Name   string `json:"name,omitempty"`
	Number int32  `json:"number"`
	// Protocol is empty for TCP.
	Protocol string `json:"protocol,omitempty"`
}

// Is tells whether a service's target port, a number or a name, means this one. HTTP
// goes over TCP here.
func (p Port) Is(target string) bool {
	return p.Protocol == "" && (target == strconv.Itoa(int(p.Number)) || p.Name != "" && target == p.Name)
}

// Exit is how a container ended. FinishedAt is the node's clock in whole
// seconds: the exit lies in [FinishedAt, FinishedAt + 1 s).
type Exit struct {
	Code       int32     `json:"code"`
	Reason     string    `json:"reason,omitempty"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
}

// ProbeKind is how a probe asks.
type ProbeKind string

// The kinds of probes.
const (
	ProbeHTTP ProbeKind = "httpGet"
	ProbeTCP  ProbeKind = "tcpSocket"
	ProbeGRPC ProbeKind = "grpc"
	ProbeExec ProbeKind = "exec"
)

// Probe is how a probe asks, and its patience: it gives up after Failures attempts, one
// every Period, each of at most Timeout, the first one after InitialDelay.
type Probe struct {
	// Kind is empty in recordings of older versions.
	Kind         ProbeKind     `json:"kind,omitempty"`
	InitialDelay time.Duration `json:"initialDelay,omitempty"`
	Period       time.Duration `json:"period"`
	Timeout      time.Duration `json:"timeout"`
	Failures     int32         `json:"failures"`
}

// SliceObservation is an EndpointSlice of a service that selects the workload.
type SliceObservation struct {
	Change  Change `json:"change"`
	Name    string `json:"name"`
	Service string `json:"service"`
	// Ports are those of its endpoints, by the names that the service's ports have.
	// Recordings of older versions do not have them.
	Ports     []Port     `json:"ports,omitempty"`
	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is one pod's entry in a slice.
type Endpoint struct {
	PodUID      string `json:"podUID"`
	Pod         string `json:"pod"`
	Address     string `json:"address,omitempty"`
	Ready       bool   `json:"ready"`
	Serving     bool   `json:"serving"`
	Terminating bool   `json:"terminating"`
}

// KubeEvent is an Event object about the workload, its ReplicaSets or its pods.
type KubeEvent struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
	// Message is for people, except where Kubernetes offers nothing else.
	Message   string `json:"message,omitempty"`
	Component string `json:"component,omitempty"`
	Kind      string `json:"kind"`
	Object    string `json:"object"`
	UID       string `json:"uid,omitempty"`
	// Container is the one of a pod's containers that it is about, if it is.
	Container string `json:"container,omitempty"`
	Count     int32  `json:"count,omitempty"`
	// Emitted is when its author made it, decoded from the hexadecimal
	// nanoseconds in its name (client-go tools/record); zero where the name
	// holds none. Precise is false where it had to be taken from a whole-second
	// field.
	Emitted time.Time `json:"emitted,omitzero"`
	Precise bool      `json:"precise,omitempty"`
}

// ReplicaSetObservation tells a rollout from a scale-down: a pod ended by an
// old revision's ReplicaSet belongs to a rollout.
type ReplicaSetObservation struct {
	Change   Change `json:"change"`
	Name     string `json:"name"`
	UID      string `json:"uid"`
	Revision int64  `json:"revision"`
	Replicas int32  `json:"replicas"`
}

// WorkloadObservation is the workload's own state. Revision names the template
// its controller is rolling out, where the workload itself tells it
// (StatefulSet's updateRevision).
type WorkloadObservation struct {
	Change    Change `json:"change"`
	Replicas  int32  `json:"replicas"`
	Ready     int32  `json:"ready"`
	Updated   int32  `json:"updated"`
	Available int32  `json:"available"`
	Revision  string `json:"revision,omitempty"`
}

// NodeObservation is a node that holds, or held, a pod of the workload.
type NodeObservation struct {
	Change Change `json:"change"`
	Name   string `json:"name"`
	// Ready is the node's condition, Unschedulable what a cordon sets.
	Ready         bool `json:"ready"`
	Unschedulable bool `json:"unschedulable,omitempty"`
	// Taints are those that end pods or keep them away, as key:effect.
	Taints []string `json:"taints,omitempty"`
}

// LeaseObservation is the heartbeat of a component on its own clock: what lies
// between Renewed and the event's arrival is at least the clocks' offset.
type LeaseObservation struct {
	// Component is "node/NAME", "apiserver", "kube-controller-manager" or
	// "kube-scheduler".
	Component string `json:"component"`
	// Renewed has microseconds.
	Renewed time.Time `json:"renewed"`
}

// LogLine is a line of a container's log that matched the check's shutdownLog.
type LogLine struct {
	Pod       string `json:"pod"`
	UID       string `json:"uid"`
	Container string `json:"container"`
	// Written is the container runtime's time of the line, on the node's
	// clock, with nanoseconds.
	Written time.Time `json:"written"`
	Text    string    `json:"text"`
}

// Gap is a time in which a watch may have missed changes.
type Gap struct {
	Resource string    `json:"resource"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Reason   string    `json:"reason"`
}
