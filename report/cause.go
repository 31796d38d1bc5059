package report

// Cause is the stable name of a reason for which requests fail.
type Cause string

// The causes.
const (
	NoDrain             Cause = "no-drain"
	ListenerClosedEarly Cause = "listener-closed-early"
	KeepaliveCut        Cause = "keepalive-cut"
	GraceTooShort       Cause = "grace-too-short"
	NoCapacity          Cause = "no-capacity"
	Unknown             Cause = "unknown"
)

// says puts a cause into one sentence for someone who has never seen the tool.
var says = map[Cause]string{
	NoDrain:             "the pod exits on SIGTERM while requests are still in flight",
	ListenerClosedEarly: "the pod stops accepting connections before the cluster has stopped sending them",
	KeepaliveCut:        "the pod closes kept-alive connections without telling the clients first",
	GraceTooShort:       "the pod is still answering when its grace period ends, and is killed",
	NoCapacity:          "no pod was ready to take the request",
	Unknown:             "no termination explains these failures",
}

// Confidence is how far a cause can be trusted.
type Confidence string

// Certain rests on the connection's or the answer's own pod, Likely on times
// that fit a termination closely, Possible on times that fit one loosely.
// Which of several pods it was is another question: Failure.Pods names all.
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
