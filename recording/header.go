package recording

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Version is the version of the recording's format that is written. Version 1,
// which can still be read, had its points in nanoseconds (sent_ns to end_ns) and
// the samples of a segment in the order in which they ended.
const (
	Version       = 2
	oldestVersion = 1
)

// Header is what a run knew before it began.
type Header struct {
	Version int `json:"version"`
	// Tool is the version of shutdowncheck that wrote the recording.
	Tool      string      `json:"tool"`
	Began     time.Time   `json:"began"`
	Namespace string      `json:"namespace"`
	Check     check.Check `json:"check"`
	Workload  Workload    `json:"workload"`
	// Lint is what the manifest shows by itself; nil in a recording of an older version.
	Lint *Lint `json:"lint,omitempty"`
	// Control is what became of the control; nil where none was wanted.
	Control *ControlResult `json:"control,omitempty"`
	// TraceBase is what the requests' trace ids are made from; zero if they bear none.
	TraceBase TraceBase `json:"traceBase,omitzero"`
	// Senders are the pods that sent, by their index; nil where the program itself did.
	Senders []Sender `json:"senders,omitempty"`
}

// ControlResult tells whether a service that is known to drop requests was
// caught doing so, under the same streams, before the workload was touched.
type ControlResult struct {
	Caught bool `json:"caught"`
	// Why says it in words.
	Why string `json:"why"`
}

// Workload is what preflight found.
type Workload struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	UID      string `json:"uid"`
	Replicas int32  `json:"replicas"`
	// Selector is the pods' label selector.
	Selector string `json:"selector"`
	// Services are those whose selector matches the pods.
	Services []string `json:"services"`
	// OtherServices are those of them that no URL of the check leads to: what their
	// slices say is not what its requests meet. None where it is not known to which
	// service a URL leads.
	OtherServices []string `json:"otherServices,omitempty"`
	// TargetPorts are the ports of the pods, by number or name, to which the services
	// lead that the URLs lead to.
	TargetPorts []string `json:"targetPorts,omitempty"`
	// ServesURL tells that each URL is known to lead to a service that selects the
	// workload's pods: they were asked, whatever pods the answers name.
	ServesURL bool `json:"servesURL,omitempty"`
	// ForeignServices are those to which the URLs lead, each service known, where none of
	// them selects any of the workload's pods and the check does not say that others are to
	// answer (target.service). They pass requests on, or are the wrong ones.
	ForeignServices []string `json:"foreignServices,omitempty"`
	// LocalNode is the node's address to which all URLs lead by the node port of a
	// service whose externalTrafficPolicy is Local: the pods of that node alone are
	// asked. Empty where each pod may be.
	LocalNode string `json:"localNode,omitempty"`
	// Containers are the names of those that the pod template has, init containers among
	// them. Recordings of older versions do not have them.
	Containers []string `json:"containers,omitempty"`
	// Strategy is the type of the rollout's: RollingUpdate, Recreate or OnDelete.
	// Recordings of older versions do not have it.
	Strategy string `json:"strategy,omitempty"`
	// Nearby are the fields by which services that URLs lead to keep requests near the node
	// that they come to, each with its value and its service.
	Nearby []string `json:"nearby,omitempty"`
	// Sticky are the services that URLs lead to which lead all requests of one address to
	// one pod (sessionAffinity ClientIP).
	Sticky []string `json:"sticky,omitempty"`
	// OwnNodes tells that all URLs lead to the own addresses of services whose
	// internalTrafficPolicy is Local: the pods of the senders' nodes alone are asked.
	OwnNodes bool `json:"ownNodes,omitempty"`
	// MaxSurge and MaxUnavailable are the rollout's, as written in the spec.
	MaxSurge       string `json:"maxSurge,omitempty"`
	MaxUnavailable string `json:"maxUnavailable,omitempty"`
	// Warnings are what preflight noticed and let pass.
	Warnings []string `json:"warnings,omitempty"`
}

// Front tells whether the service that a check names stands before other pods than
// the workload's, as one that calls it may.
func (w *Workload) Front(service string) bool {
	return service != "" && !slices.Contains(w.Services, service)
}

// Injected tells whether a container of a pod is known to be none of the template's: a
// mutating webhook added it at admission, as those of Istio and Linkerd add their proxies.
// A template that a disruption changes may have more containers than preflight saw.
func (w *Workload) Injected(container string) bool {
	return len(w.Containers) > 0 && !slices.Contains(w.Containers, container)
}

// Recreates tells whether a rollout ends all pods before it makes new ones. Where no
// strategy was recorded, a Deployment without limits has that: the API server fills in
// those of every other (kubernetes pkg/apis/apps/v1, SetDefaults_Deployment).
func (w *Workload) Recreates() bool {
	if w.Strategy == "" {
		return w.Kind == "Deployment" && w.MaxSurge == "" && w.MaxUnavailable == ""
	}
	return w.Strategy == "Recreate"
}

// Ending is how a run ended. A recording without one was cut off.
type Ending struct {
	At time.Time `json:"at"`
	// Interrupted is a run that its user stopped.
	Interrupted bool `json:"interrupted,omitempty"`
	// Error is why the run could not be carried out to its end.
	Error string `json:"error,omitempty"`
	// Stopped is why the run ended before that, as its check wants it (stopOnFailure).
	Stopped string      `json:"stopped,omitempty"`
	Streams []StreamEnd `json:"streams"`
	// Client is nil where nothing was sent.
	Client *Client `json:"client,omitempty"`
	// Senders tell of each sender what Streams and Client tell of all together; nil
	// where the program itself sent.
	Senders []SenderEnd `json:"senders,omitempty"`
	// Recorded tells how much there was to record, so that what is missing from
	// the recording is noticed; nil in one of an older tool. Of the samples
	// Streams tell it.
	Recorded *Counts `json:"recorded,omitempty"`
}

// Counts are how many lines a recording had to take.
type Counts struct {
	Events  int `json:"events"`
	Actions int `json:"actions"`
}

// StreamEnd is what a stream knows of itself at its end.
type StreamEnd struct {
	Name string `json:"name"`
	// Scheduled is how many requests the schedule wanted, Sent how many went
	// out. A difference is load that was never there.
	Scheduled uint64 `json:"scheduled"`
	Sent      uint64 `json:"sent"`
	// Began and Stopped bound the schedule.
	Began   time.Time `json:"began"`
	Stopped time.Time `json:"stopped"`
	// PeakInFlight is the largest number of requests under way at once, of
	// MaxInFlight allowed.
	PeakInFlight int `json:"peakInFlight"`
	MaxInFlight  int `json:"maxInFlight"`
	// Spread tells how many of the connections that the stream had still open were
	// last answered by which pod; nil for a stream of new connections.
	Spread map[string]int `json:"spread,omitempty"`
	// GRPC tells that some of its answers were gRPC's, by their content type over HTTP/2.
	GRPC bool `json:"grpc,omitempty"`
}
