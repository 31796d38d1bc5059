package report

// Cause is the stable name of a reason for which requests fail.
type Cause string

// The causes.
const (
	NoDrain             Cause = "no-drain"
	ListenerClosedEarly Cause = "listener-closed-early"
	GraceTooShort       Cause = "grace-too-short"
	SigtermIgnored      Cause = "sigterm-ignored"
	KeepaliveCut        Cause = "keepalive-cut"
	// KeepaliveOutlastsGrace is a pod that is killed because it goes on serving
	// the kept-alive connections that it has, as SigtermIgnored is one that goes on
	// accepting new ones as well.
	KeepaliveOutlastsGrace Cause = "keepalive-outlasts-grace"
	PrestopEatsGrace       Cause = "prestop-eats-grace"
	ErrorsWhileDraining    Cause = "errors-while-draining"
	NotReadyYet            Cause = "not-ready-yet"
	NoCapacity             Cause = "no-capacity"
	Restarted              Cause = "restarted"
	Killed                 Cause = "killed"
	Node                   Cause = "node"
	// ObservationGap and Unknown claim nothing: the watch may have missed what
	// explains the failures, or nothing that it saw does.
	ObservationGap Cause = "observation-gap"
	Unknown        Cause = "unknown"
)

// Causes is the order in which causes are tried: what excludes others comes
// first. Between two that fit equally well it decides, except that the moment of
// an exit says more than a closed door, which fits a longer time.
var Causes = []Cause{
	NoCapacity, NotReadyYet, Restarted, Node, Killed, ErrorsWhileDraining,
	KeepaliveCut, SigtermIgnored, PrestopEatsGrace, KeepaliveOutlastsGrace, GraceTooShort, NoDrain, ListenerClosedEarly,
	ObservationGap, Unknown,
}

// Explains tells whether the cause explains anything.
func (c Cause) Explains() bool { return c != Unknown && c != ObservationGap }

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
