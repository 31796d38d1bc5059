package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// ending is the end of a pod, or of one container whose pod goes on, as the
// events show it: of the Termination it has what they tell.
type ending struct {
	report.Termination
	// number is its place in the order in which the endings began.
	number int
	// wasReady tells whether a slice ever called the pod ready; of a container's end
	// whether proxies may have sent requests to the pod just then.
	wasReady bool
	// started is the earliest moment at which the container's process can have begun,
	// returned when the container was seen to be Ready again; zero if it was not.
	started, returned time.Time
	// unseen tells that the slices are not known from the container's end on until the
	// pod was back.
	unseen bool
	// published tells that the slices went on calling it ready until it was gone.
	published bool
	// container is the name of the one that serves or, where that is not known
	// (serves is false), of the first main one; where one ended whose pod goes on,
	// its name. sidecar tells that it is an init container (KEP-753).
	container       string
	serves, sidecar bool
	// containers are all of the pod's, as they were last seen.
	containers []recording.Container
	// hooks are those of the container that serves or, where that is not known, of
	// each main one, none among them.
	hooks []hook
	// quit is the step of a hook that told it to stop before any signal did; nil for none.
	quit *recording.Quit
	// others are the containers that may stand behind the one that serves.
	others []other
	// specGrace is the pod's own grace, which a deletion may have overridden.
	specGrace time.Duration
	// saidSo tells that the program's own log tells of its SIGTERM.
	saidSo bool
	// answeredProbe is the readiness probe that it went on answering after SIGTERM, on new
	// connections to the port that requests come to; nil where it did not, or that is not
	// known.
	answeredProbe *recording.Probe
	// shutPort tells that it had closed that port while it lived on after SIGTERM.
	shutPort bool
	// liveness is the probe by which the container was restarted.
	liveness    *recording.Probe
	memoryLimit int64
}

// killedAfterGrace is the exit code of SIGKILL: 128 + 9.
const killedAfterGrace = 137

// signal is the one by which it is told to stop.
func (t *ending) signal() string { return cmp.Or(t.StopSignal, sigtermName) }

const sigtermName = "SIGTERM"

// unhandled tells of a signal that no program can handle.
func unhandled(signal string) bool { return signal == "SIGKILL" || signal == "SIGSTOP" }

// insteadOfSigterm tells of a signal that the pod gets instead of SIGTERM, in a sentence.
func insteadOfSigterm(signal string) string {
	said := fmt.Sprintf("The pod gets %s instead of SIGTERM (lifecycle.stopSignal, or the image's STOPSIGNAL)", signal)
	if unhandled(signal) {
		said += ", which no program can handle: take that out"
	}
	return said
}

// begin is the earliest moment at which the termination can have had an effect.
func (t *ending) begin() time.Time {
	for _, i := range []report.Interval{t.Requested, t.KubeletStarted, t.Sigterm, t.Seen, t.Exited, t.Gone} {
		if i.Known() {
			return i.From
		}
	}
	return time.Time{}
}

// begunBy is the moment by which the termination had certainly begun. The
// earliest one may lie up to a second before the request, because
// deletionTimestamp has whole seconds.
func (t *ending) begunBy() time.Time {
	if t.Requested.Known() {
		return t.Requested.To
	}
	return t.begin()
}

// deadline is when the kubelet kills what still runs. It counts the grace from
// its own start, not from the deletion (kubernetes pkg/kubelet/kuberuntime,
// killContainer), and never gives less than 2 s after preStop.
func (t *ending) deadline() report.Interval {
	start := t.KubeletStarted
	if !start.Known() {
		start = report.Interval{From: t.begin(), To: t.begin().Add(time.Second)}
	}
	return shifted(start, time.Duration(t.Grace))
}

// killed tells whether it was still running when its grace ended.
func (t *ending) killed() bool {
	if t.ExitCode == nil || *t.ExitCode != killedAfterGrace || t.ExitReason == "OOMKilled" || !t.Exited.Known() {
		return false
	}
	// The timer rounds by up to a second, and adds two where preStop used up
	// the grace.
	const early, late = time.Second, 3 * time.Second
	deadline := t.deadline()
	return !t.Exited.To.Before(deadline.From.Add(-early)) && !t.Exited.From.After(deadline.To.Add(late))
}

// reaping is within how long after a process's end its runtime has taken note of it, be the
// node busy: connections closed up to 100 ms before were seen.
const reaping = time.Second

// diedFrom is the earliest moment at which the container's process can have died. One that is
// killed as its grace ends lets go of its connections then; finishedAt is when its runtime
// takes note of the end (containerd sets it as its shim reaps the process).
func (t *ending) diedFrom() time.Time {
	kill := t.deadline().From
	if t.killed() && t.KubeletStarted.Known() && kill.Before(t.Exited.From) && !t.Exited.From.After(kill.Add(reaping)) {
		return kill
	}
	return t.Exited.From
}

// endedBySignal tells of a process that SIGTERM itself ended, as it does not handle it: its exit
// code is one of a death, and it was gone no later than a busy node may be with the signal and
// with noting its end. One that dies later may have drained before.
func (t *ending) endedBySignal() bool {
	return t.died() && !t.killed() && t.ExitReason != "OOMKilled" && !t.saidSo && t.Sigterm.Known() && t.Exited.Known() &&
		!t.Exited.To.After(t.Sigterm.To.Add(atOnce+reaping))
}

// diedAfterSigterm is the exit of a process that a signal ended: with it, and not before, went
// all that it held, be it as long ago as a runtime takes to notice. Of one that may have drained
// it is not known whether it had closed its connections before.
func (t *ending) diedAfterSigterm() report.Interval {
	exit := t.Exited
	if t.endedBySignal() && t.Sigterm.From.Before(exit.From) {
		exit.From = later(t.Sigterm.From, exit.From.Add(-reaping))
		exit.Source += ", and the death by the signal"
	}
	return exit
}

// forced tells whether it was given no time at all: the object goes at once, and
// its containers get about 2 s (kubernetes pkg/kubelet/kuberuntime,
// minimumGracePeriodInSeconds).
func (t *ending) forced() bool { return t.Container == "" && t.Grace == 0 && t.Requested.Known() }

// restarted tells whether a container ended by itself or for its probe's sake.
func (t *ending) restarted() bool {
	return t.EndedBy == report.ByProbe || t.EndedBy == report.ByOOM || t.EndedBy == report.ByCrash
}

// byNode tells whether its kubelet ended the pod of its own accord.
func (t *ending) byNode() bool {
	return t.EndedBy == report.ByNode || t.EndedBy == report.ByNodePressure || t.EndedBy == report.ByNodeShutdown
}

// givenNoTime tells whether who ended it left it less time than it wants.
func (t *ending) givenNoTime() bool {
	switch {
	case t.EndedBy == report.ByKill:
		return true
	case t.restarted() || t.byNode():
		return false
	default:
		return t.forced() || (t.killed() && time.Duration(t.Grace) < t.specGrace)
	}
}

// orderly tells whether what is lost at it lies in how the pod behaved, not in who
// ended it.
func (t *ending) orderly() bool { return !t.restarted() && !t.byNode() && !t.givenNoTime() }

// littleGrace is what a hook has to leave of the grace at the least: the kubelet
// gives as much in any case.
const littleGrace = leastGrace

// hookIsLong tells whether the hook, where its length is known, leaves too little
// of the grace.
func (t *ending) hookIsLong() bool {
	return t.PreStopSleep > 0 && time.Duration(t.Grace-t.PreStopSleep) <= littleGrace
}

// eatenByPreStop tells whether the hook left it too little of its grace, so that
// it was killed. The kubelet then gives 2 s more than the grace (killContainer):
// an exit that late shows it also where the hook's length is not known.
func (t *ending) eatenByPreStop() bool {
	switch {
	case t.PreStop == recording.PreStopNone || !t.killed():
		return false
	case t.PreStopSleep > 0:
		return t.hookIsLong()
	default:
		return t.Exited.From.After(t.deadline().To.Add(littleGrace / 2))
	}
}

// exit is the termination's exit, or where it is not known the span from the
// signal to the removal.
func (t *ending) exit() report.Interval {
	if t.Exited.Known() {
		return t.Exited
	}
	from := t.begin()
	if t.Sigterm.Known() {
		from = t.Sigterm.From
	}
	to := from.Add(time.Duration(t.Grace) + leastGrace)
	switch {
	case t.forced():
		// Its object goes before its containers do, and the kubelet may notice
		// a second later and round by another (3.1 s were seen).
		to = to.Add(2 * time.Second)
	case t.Gone.Known():
		to = later(from, t.Gone.To)
	}
	return report.Interval{From: from, To: to}
}

// signalFrom is the earliest moment at which the pod may have been told to stop.
func (t *ending) signalFrom() time.Time {
	from := t.exit().From
	if t.Sigterm.Known() {
		from = earlier(from, t.Sigterm.From)
	}
	return from
}

// signalled tells whether the pod may have been told to stop by then.
func (t *ending) signalled(when time.Time) bool {
	return !when.Before(t.signalFrom().Add(-clockSlack))
}

// atOnce is how soon after SIGTERM an exit counts as no drain at all.
const atOnce = time.Second

// What is slow makes an exit late, never early: an exit within a second of the signal
// is the program's own doing on any machine. Both moments are of the node's clock.

// leftUndrained tells whether the pod certainly went without finishing what it had: at
// once, with a code that no drain ends with.
func (t *ending) leftUndrained() bool {
	return t.ExitCode != nil && !t.mayHaveDrained() && *t.ExitCode != killedAfterGrace && t.exitedAtOnce()
}

// goneAtOnce tells whether the pod certainly went within a second of the kubelet's
// start, without a hook before: it gave the proxies less time than they may take on
// an idle cluster (kubernetes pkg/proxy, minSyncPeriod of 1 s).
func (t *ending) goneAtOnce() bool {
	return t.Container == "" && t.orderly() && t.PreStop == recording.PreStopNone && t.exitedAtOnce()
}

func (t *ending) exitedAtOnce() bool {
	return t.Sigterm.Known() && t.Exited.Known() && !t.Exited.To.After(t.Sigterm.From.Add(atOnce))
}

// left tells whether the pod may have gone as soon as it was signalled, or was
// killed: what it had in flight then was cut, or there was nothing. Of its exit
// code it takes no account where it knows when the signal came.
func (t *ending) left() bool {
	switch {
	case t.killed():
		return true
	case !t.Sigterm.Known():
		return false
	case !t.signalPlaced():
		return !t.mayHaveDrained()
	default:
		return t.exit().From.Before(t.Sigterm.To.Add(atOnce))
	}
}

// signalPlaced tells whether the moment of SIGTERM is known about as well as that
// of a hook of known length. After another hook it lies anywhere up to the exit.
func (t *ending) signalPlaced() bool {
	return t.Sigterm.Known() && t.Sigterm.To.Sub(t.Sigterm.From) <= hookDelay+signalDelay+2*clockSlack
}

// signalExact tells whether it is known so well that a time may be counted from it:
// to what a signal takes to be delivered, and what clocks may differ by.
func (t *ending) signalExact() bool {
	return t.Sigterm.Known() && t.Sigterm.To.Sub(t.Sigterm.From) <= signalDelay+2*clockSlack
}

// endedBySigterm is the exit code of SIGTERM: 128 + 15.
const endedBySigterm = 143

// mayHaveDrained tells whether the exit code allows that the pod had answered all.
// No code proves it, as a program chooses its own: nginx takes SIGTERM for its fast
// shutdown, cuts what is in flight and ends with 0 (nginx.org/en/docs/control.html); 143
// is the death by a signal that nobody handles, but also that of a JVM whose shutdown
// hooks have all run (java.lang.Runtime, "Shutdown sequence"), and of a shell that says so
// of its child; puma ends with 1 after its graceful stop, as it raises the signal again
// and Ruby as the first process survives that (9 of 9 pods of puma 5.6). The codes of
// deaths prove the contrary: 2 is a Go program without a handler (runtime,
// dieFromSignal), or with a panic, and those of the signals that a fault raises or nobody
// can handle are 128 and more (signal(7)).
func (t *ending) mayHaveDrained() bool { return t.ExitCode != nil && !t.died() }

// died tells of a death by its code.
func (t *ending) died() bool { return t.ExitCode != nil && slices.Contains(deaths, *t.ExitCode) }

// deaths are the exit codes of programs that did not end of their own accord: Go's, then
// those of SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL and SIGSEGV.
var deaths = []int32{2, 132, 133, 134, 135, 136, killedAfterGrace, 139}
