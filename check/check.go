// Package check says what is to be proven: a workload, the traffic that is
// sent to it, the disruptions done to it and the losses that are tolerated.
//
// A Check is plain data. It comes from a file (Read) or from flags, gets its
// defaults (WithDefaults) and is judged once (Validate). Nothing here talks to
// a cluster.
package check

import (
	"time"
)

// APIVersion is the version of the check file and of everything written from it.
const APIVersion = "shutdowncheck/v1alpha1"

// Kind is the kind a check file declares.
const Kind = "Check"

// Check is one claim to be proven: that a workload survives its disruptions
// within the budget.
type Check struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Workload   Workload `json:"workload"`
	Target     Target   `json:"target"`
	// Inside has the requests sent from inside the cluster; nil sends them from here.
	Inside      *Inside      `json:"inside,omitempty"`
	Streams     []Stream     `json:"streams"`
	Disruptions []Disruption `json:"disruptions"`
	// Soak does the disruptions over and over; nil does them once.
	Soak *Soak `json:"soak,omitempty"`
	// Prove does them until a share of lossy ends is proven or refuted; nil does not.
	Prove *Prove `json:"prove,omitempty"`
	// Window has pods that end asked on their own addresses; nil does not. A file says that
	// by false.
	Window *Window `json:"window,omitempty"`
	Timing Timing  `json:"timing"`
	Budget Budget  `json:"budget"`
	// StopOnFailure ends the run as soon as so many requests have failed that the budget
	// is exceeded whatever they turn out to be.
	StopOnFailure bool `json:"stopOnFailure,omitempty"`
	// Control tries the same check on a careless service first; nil does not.
	Control *Control `json:"control,omitempty"`
}

// Metadata names a check.
type Metadata struct {
	Name string `json:"name,omitempty"`
}

// Target is where the requests go.
type Target struct {
	// URL is what every stream requests unless it names its own. It may be left out
	// where the requests are sent from inside the cluster.
	URL string `json:"url"`
	// Service is the one that the URL leads to, or leads on to behind an ingress or
	// another proxy: NAME, or NAME.NAMESPACE outside the workload's namespace. Empty
	// where the URL tells it, or each that selects the pods may be meant. One that does
	// not select them says that on purpose another's traffic is looked at.
	Service string `json:"service,omitempty"`
	// Headers are sent with each request, besides those of its stream, which
	// come before them where they have the same name.
	Headers []Header `json:"headers,omitempty"`
	// TLS is for https; nil trusts what the system trusts.
	TLS *TLS `json:"tls,omitempty"`
	// PodHeader is the response header by which an answer names the pod that
	// gave it. Answers without it are counted all the same; they only carry
	// less evidence.
	PodHeader string `json:"podHeader,omitempty"`
	// Proxy tells that a layer-7 proxy (an ingress, HAProxy, nginx) stands between
	// the URL and the workload's pods, so that no connection leads to a pod. It is
	// found out without being told where answers name their pods.
	Proxy bool `json:"proxy,omitempty"`
	// Via has the senders dial the pods themselves, as a balancer that learns late of them;
	// nil sends to where URL leads.
	Via *Via `json:"via,omitempty"`
	// ShutdownLog is a regular expression (RE2) for the line by which the
	// service's own log tells that SIGTERM has come. Its time is closer than
	// any that Kubernetes tells. Empty reads no log.
	ShutdownLog string `json:"shutdownLog,omitempty"`
	// Trace has each request bear a traceparent (W3C Trace Context), so that a
	// failed one leads to its trace and to the lines of the service's log.
	Trace bool `json:"trace,omitempty"`
}

// Connections is a stream's connection policy. The two policies meet different
// failures, so they are judged apart.
type Connections string

const (
	// New dials for every request and closes afterwards.
	New Connections = "new"
	// Reused keeps a pool of connections alive and sends on the one that has
	// been idle longest.
	Reused Connections = "reused"
)

// Stream is one kind of traffic at one constant rate (an open loop: a slow
// answer never slows the clock).
type Stream struct {
	Name string `json:"name"`
	// Kind is what the stream is there to prove; Short unless it is set.
	Kind StreamKind `json:"kind,omitempty"`
	// Rate is in requests per second.
	Rate float64 `json:"rate"`
	// Stages come before Rate, within the baseline: a service that is cold may not
	// bear it at once.
	Stages      []Stage     `json:"stages,omitempty"`
	Connections Connections `json:"connections"`
	// Pool is how many connections a reused stream keeps; a stream of new ones has none.
	Pool int `json:"pool,omitempty"`
	// URL overrides the target's.
	URL string `json:"url,omitempty"`
	// MaxConnections bounds the connections that are open at once, and with them
	// the requests under way; 0 bounds them by rate and timeout. Where it is
	// reached requests go out late, and the report says so.
	MaxConnections int `json:"maxConnections,omitempty"`
	// Protocol is HTTP1 unless it is set.
	Protocol Protocol `json:"protocol,omitempty"`
	Method   string   `json:"method,omitempty"`
	// Headers are sent with each request of the stream.
	Headers []Header `json:"headers,omitempty"`
	Body    *Body    `json:"body,omitempty"`
	// GRPC is what a stream of kind GRPCCalls calls; nil in others.
	GRPC *GRPC `json:"grpc,omitempty"`
	// Targets are sent in turn instead of URL and Method; nil sends those.
	Targets *Targets `json:"targets,omitempty"`
	// Timeout is how long a request may take, from its scheduled time's send
	// to the end of its body, before it counts as failed.
	Timeout Duration `json:"timeout,omitempty"`
	// ExpectStatus lists the statuses that count as an answer. Empty means 200
	// to 399.
	ExpectStatus []int `json:"expectStatus,omitempty"`
	// ExpectBody is what an answer's body has to hold besides; nil takes any, and none.
	ExpectBody *ExpectBody `json:"expectBody,omitempty"`
	// Budget is what the stream is held to besides the check's; nil holds it to that alone.
	Budget *StreamBudget `json:"budget,omitempty"`
}

// Stage lets the rate go evenly from where it was, at first nothing, to another.
type Stage struct {
	// Over is how long that takes; 0s is a step.
	Over Duration `json:"over"`
	// To is in requests per second.
	To float64 `json:"to"`
}

// Timing is how long the parts of a run take.
type Timing struct {
	// Baseline is how long the undisturbed service is watched first.
	Baseline Duration `json:"baseline"`
	// Settle is how long the load goes on after each disruption is over.
	Settle Duration `json:"settle"`
	// Timeout bounds each disruption.
	Timeout Duration `json:"timeout"`
}

// Budget is how much may be lost. Whole numbers, never ratios: a ratio hides
// one drop among many requests.
type Budget struct {
	// Failed is the number of failed requests tolerated, over all streams. Where the check
	// is to prove a share of lossy ends, what such ends lost is not among them.
	Failed int `json:"failed"`
	// Maskable is how many of the failed ones a client that replays idempotent
	// requests would have hidden; those are tolerated beyond Failed.
	Maskable int `json:"maskable"`
	// Unattributed is how many failures may stay without a termination that
	// explains them.
	Unattributed int `json:"unattributed"`
	// P50 to P99 and Max are the times within which so many percent of a stream's answers,
	// or all, have to come, from when each request was due, while pods end and otherwise:
	// for each stream by itself that has none of its own. 0 is no bound.
	P50 Duration `json:"p50,omitempty"`
	P90 Duration `json:"p90,omitempty"`
	P95 Duration `json:"p95,omitempty"`
	P99 Duration `json:"p99,omitempty"`
	Max Duration `json:"max,omitempty"`
	// Outlasts is for how long after leaving its EndpointSlice each pod that ends has to
	// accept connections and answer, asked on its own address; 0 is no bound.
	Outlasts Duration `json:"outlasts,omitempty"`
	// Path names the kind of path that users' requests take, of those that package balancer
	// knows: each pod has to go on for as long as that one needs. It stands here and not in
	// the target, as it is what is asked of the pods; the check's own requests take another.
	Path string `json:"path,omitempty"`
}

// Duration is a time.Duration that reads and writes the form people use: "10s".
type Duration time.Duration

// String gives Go's form of the duration.
func (d Duration) String() string { return time.Duration(d).String() }
