package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// describeEnd tells a termination in one line.
func describeEnd(t *suspect) string {
	if t.Container != "" {
		return describeInterruption(&t.ending)
	}
	line := t.signal()
	switch {
	case t.quit != nil:
		line = fmt.Sprintf("told to stop by its preStop hook (%s)", t.quit.Command)
	case t.StopSignal != "":
		line += " (its stop signal, instead of SIGTERM)"
	}
	switch {
	case t.signalExact():
		line += " at " + clock(t.Sigterm.From)
	case t.Sigterm.Known():
		line += fmt.Sprintf(" between %s and %s", clock(t.Sigterm.From), clock(t.Sigterm.To))
	default:
		line += " time unknown"
	}
	if t.ExitCode != nil {
		line += fmt.Sprintf(", exit code %d", *t.ExitCode)
		if t.Serves != "" {
			line += " of container " + t.Serves
		}
		if t.Exited.Known() && t.signalPlaced() {
			line += fmt.Sprintf(" within %s of it", text.Coarse(t.Exited.To.Sub(t.Sigterm.From)))
		}
	}
	if t.LeftSlice.Known() {
		line += ", out of the EndpointSlice " + relative(t.LeftSlice.From, t)
		if t.published {
			line += ", which had called it ready until then"
		}
	}
	line += ", grace " + granted(&t.ending)
	if p := t.answeredProbe; p != nil {
		line += fmt.Sprintf("; its readiness probe (a new connection every %s) did not give up before the exit: the program went on accepting", p.Period)
	}
	if least, most := t.outlasts(); least != nil && most != nil {
		line += fmt.Sprintf("; on its own address it answered until %s to %s after it had left the EndpointSlice", text.Coarse(time.Duration(*least)), text.Coarse(time.Duration(*most)))
	}
	first, behind := t.endedFirst(), t.behind(t.exit().To)
	switch {
	case first != nil:
		line += fmt.Sprintf("; container %s had ended before it, at %s with exit code %d", first.Container, clock(first.Exited.From), first.ExitCode)
	case t.answersFor && behind != nil:
		line += fmt.Sprintf("; container %s may have been told to stop from %s on", behind.container, clock(behind.stopping))
	}
	return line
}

// granted tells the grace, and whether a deletion has overridden the pod's own.
func granted(t *ending) string {
	switch own := report.Duration(t.specGrace); {
	case t.forced():
		return "none (the deletion was forced)"
	case t.Grace < own:
		return fmt.Sprintf("%s by the deletion (the pod's own is %s)", t.Grace, own)
	case t.PreStopSleep > 0:
		return fmt.Sprintf("%s with a preStop sleep of %s", t.Grace, t.PreStopSleep)
	case t.PreStopFailed.Known():
		return fmt.Sprintf("%s with a preStop hook that failed at %s (FailedPreStopHook)", t.Grace, clock(t.PreStopFailed.From))
	case t.PreStop != recording.PreStopNone:
		return fmt.Sprintf("%s with a preStop hook", t.Grace)
	default:
		return t.Grace.String()
	}
}

// describeInterruption tells the end of a container whose pod went on.
func describeInterruption(t *ending) string {
	line := fmt.Sprintf("container %s ended at %s", t.Container, clock(t.Exited.From))
	if t.Exited.To.Sub(t.Exited.From) > clockSlack {
		line = fmt.Sprintf("container %s ended between %s and %s", t.Container, clock(t.Exited.From), clock(t.Exited.To))
	}
	if t.ExitCode != nil {
		line += fmt.Sprintf(" with exit code %d", *t.ExitCode)
	}
	if t.ExitReason != "" {
		line += " (" + t.ExitReason + ")"
	}
	switch t.EndedBy {
	case report.ByOOM:
		line += " because it ran out of memory"
		if t.memoryLimit > 0 {
			line += fmt.Sprintf(", its limit is %s", size(t.memoryLimit))
		}
	case report.ByProbe:
		line += " because its liveness probe had failed"
		if p := t.liveness; p != nil {
			line += fmt.Sprintf(" (%s of %s each, one every %s)", text.Count(int(p.Failures), "attempt"), p.Timeout, p.Period)
		}
	case report.ByKill:
		line += " by the signal of this run"
		if t.Sigterm.Known() {
			line += fmt.Sprintf(", %s at %s", t.signal(), clock(t.Sigterm.From))
		}
	default:
		line += " by itself"
	}
	switch {
	case t.Back.Known() && t.LeftSlice.Known():
		line += fmt.Sprintf("; out of the EndpointSlice for %s", text.Coarse(t.Back.To.Sub(t.LeftSlice.From)))
	case t.LeftSlice.Known():
		line += "; out of the EndpointSlice at " + clock(t.LeftSlice.From) + " and not back"
	}
	return line
}

// relative puts a moment in relation to SIGTERM, as far as the whole of what is known
// of that allows.
func relative(when time.Time, t *suspect) string {
	if !t.signalPlaced() {
		return "at " + clock(when)
	}
	least, most := when.Sub(t.Sigterm.To), when.Sub(t.Sigterm.From)
	switch {
	case t.signalExact() && most < 0:
		return text.Coarse(-most) + " before " + t.signal()
	case t.signalExact():
		return text.Coarse(most) + " after " + t.signal()
	case most < 0:
		return fmt.Sprintf("%s to %s before %s", text.Coarse(-most), text.Coarse(-least), t.signal())
	case least < 0:
		return "at " + clock(when)
	default:
		return fmt.Sprintf("%s to %s after %s", text.Coarse(least), text.Coarse(most), t.signal())
	}
}
