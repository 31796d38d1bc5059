package check

// Disruption is one thing done to the workload. Exactly one of its kinds is
// set; Repeat and Pause say how often it is done.
type Disruption struct {
	Restart *Restart `json:"restart,omitempty"`
	Scale   *Scale   `json:"scale,omitempty"`
	Delete  *Delete  `json:"delete,omitempty"`
	Evict   *Evict   `json:"evict,omitempty"`
	Drain   *Drain   `json:"drain,omitempty"`
	Kill    *Kill    `json:"kill,omitempty"`
	Image   *Image   `json:"image,omitempty"`
	// Command is a program with its arguments, the user's own release. It runs
	// on this machine, without a shell.
	Command []Value  `json:"command,omitempty"`
	Observe *Observe `json:"observe,omitempty"`

	// Repeat is how often it is done in a row; 0 means once.
	Repeat int `json:"repeat,omitempty"`
	// Pause lies between one time and the next, beyond the settling.
	Pause Duration `json:"pause,omitempty"`
}

// Restart does what `kubectl rollout restart` does.
type Restart struct{}

// Scale sets the replicas, up or down, waits until the pods are there or gone,
// and sets them back unless Restore is false.
type Scale struct {
	To      int32 `json:"to"`
	Restore *bool `json:"restore,omitempty"`
}

// Delete deletes pods of the workload.
type Delete struct {
	// Pods is how many, all at once; 0 means 1.
	Pods int `json:"pods,omitempty"`
	// GracePeriod overrides the pods' own; nil leaves it. 0s is a forced
	// delete: the object goes at once, and its containers get about 2 s.
	GracePeriod *Duration `json:"gracePeriod,omitempty"`
}

// Evict asks the eviction API to end pods, one after the other.
type Evict struct {
	// Pods is how many; 0 means 1.
	Pods        int         `json:"pods,omitempty"`
	WhenRefused WhenRefused `json:"whenRefused,omitempty"`
}

// WhenRefused says what to do where a PodDisruptionBudget forbids an eviction.
type WhenRefused string

// What can be done about it. Wait asks again until the disruption's timeout;
// Fail takes the first refusal as the end of the disruption.
const (
	Wait WhenRefused = "wait"
	Fail WhenRefused = "fail"
)

// Drain cordons a node, evicts pods from it as `kubectl drain` does, and
// uncordons it when their replacements are Ready.
type Drain struct {
	// Node is a node's name, OfAPod for one that holds a pod of the workload, or EachInTurn
	// for all of them one after the other.
	Node string `json:"node,omitempty"`
	// Pods says whose pods are evicted; empty means the workload's.
	Pods        DrainPods   `json:"pods,omitempty"`
	WhenRefused WhenRefused `json:"whenRefused,omitempty"`
	// DeleteEmptyDirData and Force are the filters of `kubectl drain`: without
	// them pods with such volumes, or without a controller, are not evicted
	// and the drain is refused.
	DeleteEmptyDirData bool `json:"deleteEmptyDirData,omitempty"`
	Force              bool `json:"force,omitempty"`
}

// OfAPod stands for the node that holds most of the workload's pods.
const OfAPod = "of-a-pod"

// EachInTurn stands for each node that holds pods of the workload or takes such, one after
// the other, as an upgrade of the cluster has it.
const EachInTurn = "each"

// DrainPods says whose pods a drain evicts.
type DrainPods string

// Whose pods are evicted: the workload's own, or everybody's, as real node
// maintenance does.
const (
	DrainWorkload DrainPods = "workload"
	DrainAll      DrainPods = "all"
)

// Kill sends a signal to PID 1 of a container.
type Kill struct {
	// Pods is how many, all at once; 0 means 1.
	Pods int `json:"pods,omitempty"`
	// Signal is the one to send; empty means SIGTERM.
	Signal Signal `json:"signal,omitempty"`
	// Container is the container's name; empty means the pod's first.
	Container string  `json:"container,omitempty"`
	Via       KillVia `json:"via,omitempty"`
	// HelperImage is the image of this tool, for the ways that need a helper
	// in the cluster (ViaEphemeral, ViaNode).
	HelperImage string `json:"helperImage,omitempty"`
}

// KillVia is the way by which a signal gets to PID 1.
type KillVia string

// The ways. The kernel ignores a SIGKILL to PID 1 from inside its own PID
// namespace (pid_namespaces(7)), so that only ViaNode brings it.
const (
	// ViaExec runs `kill` in the container; the image must have it.
	ViaExec KillVia = "exec"
	// ViaEphemeral runs this tool in an ephemeral container that shares the
	// container's PID namespace. The pod keeps that container's entry.
	ViaEphemeral KillVia = "ephemeral"
	// ViaNode runs this tool in a privileged pod with hostPID on the node.
	ViaNode KillVia = "node"
)

// Image rolls the workload out with another image or other environment
// variables, and back unless Restore is false.
type Image struct {
	// Container is the container's name; empty means the pod's first.
	Container string `json:"container,omitempty"`
	// Image is the new reference; empty leaves it.
	Image string `json:"image,omitempty"`
	// Env sets variables of the container.
	Env     []EnvVar `json:"env,omitempty"`
	Restore *bool    `json:"restore,omitempty"`
}

// EnvVar is an environment variable with a plain value.
type EnvVar struct {
	Name string `json:"name"`
	// Value is given to the container and shown only where values are.
	Value Value `json:"value"`
}

// Observe does nothing and watches what others do to the workload.
type Observe struct {
	For Duration `json:"for"`
}

// Soak repeats the whole sequence of disruptions at an even interval.
type Soak struct {
	// Every is the time from one beginning of the sequence to the next; a
	// sequence that takes longer delays the next one.
	Every Duration `json:"every"`
	// For is how long new sequences begin.
	For Duration `json:"for"`
}

// Control is the known-bad service that a run must catch before its verdict on
// the workload counts: pods of this tool's own image that leave on SIGTERM with
// requests in flight, under the same streams.
type Control struct {
	// Image is this tool's image, where the cluster finds it.
	Image string `json:"image"`
	// URL is where the control's service is reached; empty means by its name
	// inside the cluster.
	URL string `json:"url,omitempty"`
}
