package report

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// signalDelay is how long the runtime takes to deliver a signal.
const signalDelay = 100 * time.Millisecond

// hookDelay is what starting a hook's own process may add to its sleep.
const hookDelay = time.Second

// sigterm places the stop signal: at the kubelet's start without a hook, after
// a sleep of known length, and anywhere up to the end of the grace after any
// other hook, whose success emits nothing.
func sigterm(t *Termination) Interval {
	start := t.KubeletStarted
	if !start.Known() {
		return Interval{}
	}
	limit := t.deadline().To
	if t.Exited.Known() {
		limit = earlier(limit, t.Exited.To)
	}
	switch {
	case t.PreStop == recording.PreStopNone || t.forced():
		return sourced(Interval{From: start.From, To: start.To.Add(signalDelay)}, "the kubelet's start")
	case t.PreStopSleep > 0:
		after := start.shift(min(time.Duration(t.PreStopSleep), time.Duration(t.Grace)))
		after.To = after.To.Add(signalDelay)
		if t.PreStop != recording.PreStopSleep {
			after.To = after.To.Add(hookDelay)
		}
		return sourced(after, "the kubelet's start and the preStop sleep")
	default:
		return sourced(Interval{From: start.From, To: limit}, "between the kubelet's start and the exit, because of the preStop hook")
	}
}
