package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// cause is all that is known of one cause. A new one is a name in [report.Causes],
// a file with its cause, a line in causes, and a section of its name in docs/causes.md.
type cause struct {
	name report.Cause
	// says puts it into one sentence for someone who has never seen the tool. For the
	// signal that the pods get it says SIGTERM.
	says string
	// explains is its signature: it tells whether a loss has it, unless one that
	// is tried before does.
	explains func(loss) bool
	// atExit tells that it cuts what was in flight at an exit, turnsAway that
	// requests reach no pod.
	atExit, turnsAway bool
	// evident tells whether a loss shows the workload's fault by itself, however slow
	// all machines were; nil if none does.
	evident func(proof) bool
	// changes tells what the fix changes of how a pod ends; nil if it changes nothing of
	// that.
	changes func(*measured) change
	// fix computes what to change.
	fix func(*measured) report.Fix
}

// causes are in the order in which they are tried, that of report.Causes.
var causes = []*cause{
	&causeNoCapacity,
	&causeNotReadyYet,
	&causeRestarted,
	&causeNode,
	&causeKilled,
	&causeErrorsWhileDraining,
	&causeKeepaliveCut,
	&causeSigtermIgnored,
	&causePrestopEatsGrace,
	&causeKeepaliveOutlastsGrace,
	&causeGraceTooShort,
	&causeNoDrain,
	&causeListenerClosedEarly,
	&causeObservationGap,
	&causeUnknown,
}

// proof is what there is for the cause of a loss.
type proof struct {
	confidence report.Confidence
	// begun tells that a part of the answer had come.
	begun bool
	// refused is when its dial was refused; zero where it was not.
	refused time.Time
	// ends are the terminations that may have done it.
	ends []*termination
}

// certain tells that the pod is named.
func (p proof) certain() bool { return p.confidence == report.Certain }

// every tells whether something holds for each of the ends, and there is one.
func (p proof) every(holds func(*termination) bool) bool {
	return len(p.ends) > 0 && !slices.ContainsFunc(p.ends, func(t *termination) bool { return !holds(t) })
}

// loss is how a request was lost, as far as it bears on the cause.
type loss struct {
	manner manner
	// end is the termination that did it, nil if none did.
	end *termination
	// nobodyReady tells of a request that was turned away that no endpoint was
	// ready.
	nobodyReady bool
	// kept tells that its connection had carried others before, servedOn that the pod had
	// gone on serving such until it was killed.
	kept, servedOn bool
}

// manner is what was done to a request.
type manner int

const (
	unexplained manner = iota
	// turnedAway: it was sent to a pod that no longer listened.
	turnedAway
	// cutAtExit: the pod exited with it.
	cutAtExit
	// cutWhileAlive: the pod let go of it, and lived on until it was killed.
	cutWhileAlive
	// cutByHolder: another container of the pod held its connection, and exited with it.
	cutByHolder
	// closedWhileKept: a kept connection was closed as it came in, or before
	// anybody had read it.
	closedWhileKept
	// answeredWrongly: the pod answered with an error.
	answeredWrongly
	// containerAway: a container of the pod was away.
	containerAway
	// tooEarly: a new pod could not answer yet.
	tooEarly
	// unobserved: the watch had a gap.
	unobserved
)

func causeOf(l loss) report.Cause {
	return causes[slices.IndexFunc(causes, func(c *cause) bool { return c.explains(l) })].name
}

func causeNamed(name report.Cause) *cause {
	return causes[place(name)]
}

func place(name report.Cause) int {
	return slices.IndexFunc(causes, func(c *cause) bool { return c.name == name })
}

// before tells whether one cause is tried before another. Between two that fit
// equally well it decides.
func before(c, d report.Cause) bool { return place(c) < place(d) }
