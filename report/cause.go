package report

import "slices"

// Cause is the stable name of a reason for which requests fail.
type Cause string

// The causes.
const (
	NoDrain             Cause = "no-drain"
	ListenerClosedEarly Cause = "listener-closed-early"
	GraceTooShort       Cause = "grace-too-short"
	SigtermIgnored      Cause = "sigterm-ignored"
	KeepaliveCut        Cause = "keepalive-cut"
	PrestopEatsGrace    Cause = "prestop-eats-grace"
	ErrorsWhileDraining Cause = "errors-while-draining"
	NotReadyYet         Cause = "not-ready-yet"
	NoCapacity          Cause = "no-capacity"
	Restarted           Cause = "restarted"
	Killed              Cause = "killed"
	Node                Cause = "node"
	// ObservationGap and Unknown claim nothing: the watch may have missed what
	// explains the failures, or nothing that it saw does.
	ObservationGap Cause = "observation-gap"
	Unknown        Cause = "unknown"
)

// says puts a cause into one sentence for someone who has never seen the tool.
var says = map[Cause]string{
	NoDrain:             "the pod exits on SIGTERM while requests are still in flight",
	ListenerClosedEarly: "the pod stops accepting connections before the cluster has stopped sending them",
	GraceTooShort:       "the pod is still answering when its grace period ends, and is killed",
	SigtermIgnored:      "the pod goes on as if nothing had happened after SIGTERM, until its grace period ends and it is killed",
	KeepaliveCut:        "the pod closes kept-alive connections without telling the clients first",
	PrestopEatsGrace:    "the preStop hook leaves the pod too little of its grace period to finish what it has",
	ErrorsWhileDraining: "the pod answers with errors while it is shutting down",
	NotReadyYet:         "a new pod is given requests before it can answer them",
	NoCapacity:          "no pod was ready to take the request",
	Restarted:           "a container of the pod ended by itself, or was restarted, while the pod was in service",
	Killed:              "the pod was killed without being given time: the loss is the disruption's own doing",
	Node:                "the node ended the pod by itself and went on calling it ready meanwhile",
	ObservationGap:      "the watch of the cluster had a gap just then, so no claim is made",
	Unknown:             "no termination explains these failures",
}

// causeOrder is the order in which causes are tried: what excludes others comes
// first. Between two that fit equally well it decides, except that the moment of
// an exit says more than a closed door, which fits a longer time.
var causeOrder = []Cause{
	NoCapacity, NotReadyYet, Restarted, Node, Killed, ErrorsWhileDraining,
	KeepaliveCut, SigtermIgnored, PrestopEatsGrace, GraceTooShort, NoDrain, ListenerClosedEarly,
	ObservationGap, Unknown,
}

// before tells whether c is tried before d.
func (c Cause) before(d Cause) bool {
	return slices.Index(causeOrder, c) < slices.Index(causeOrder, d)
}

// claims tells whether the cause explains anything.
func (c Cause) claims() bool { return c != Unknown && c != ObservationGap }

// Confidence is how far a cause can be trusted.
type Confidence string

// Certain rests on the connection's or the answer's own pod, Likely on times
// that fit a termination closely, Possible on times that fit one loosely.
// Which of several pods it was is another question: Failure.Pods names all.
// Where no claim is made there is no confidence either.
const (
	Certain  Confidence = "certain"
	Likely   Confidence = "likely"
	Possible Confidence = "possible"
)

// confidences orders them, the strongest first.
var confidences = []Confidence{Certain, Likely, Possible}

// sharedConfidence is the strongest one that at least half of the failures
// have: a single request on a loose end does not weaken a clear case, and a
// single clear one does not carry the rest.
func sharedConfidence(members []*failure) Confidence {
	if !members[0].attributed() {
		return ""
	}
	reached := 0
	for _, c := range confidences {
		for _, m := range members {
			if m.confidence == c {
				reached++
			}
		}
		if 2*reached >= len(members) {
			return c
		}
	}
	return Possible
}
