package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// signalDelay is how long the runtime takes to deliver a signal.
const signalDelay = 100 * time.Millisecond

// hookDelay is what starting a hook's own process may add to its sleep.
const hookDelay = time.Second

// sigterm places the stop signal of the pod's main containers: each gets its own
// after its own hook.
func sigterm(t *ending) report.Interval {
	var union report.Interval
	for _, h := range t.hooks {
		one := t.signalAfter(h)
		if !union.Known() {
			union = one
			continue
		}
		union.From, union.To = earlier(union.From, one.From), later(union.To, one.To)
	}
	return union
}

// signalAfter is at the kubelet's start without a hook, after a sleep of known
// length, and anywhere up to the end of the grace after any other hook, whose
// success emits nothing, and where the node took less time for the pod than the pod
// has (kubernetes pkg/kubelet/eviction, gracePeriodOverride).
func (t *ending) signalAfter(h hook) report.Interval {
	start := t.KubeletStarted
	if !start.Known() {
		return report.Interval{}
	}
	limit := t.deadline().To
	if t.Exited.Known() {
		limit = earlier(limit, t.Exited.To)
	}
	switch {
	case h.kind == recording.PreStopNone || t.forced():
		return sourced(report.Interval{From: start.From, To: start.To.Add(signalDelay)}, "the kubelet's start")
	case h.sleep > 0 && !t.byNode():
		after := shifted(start, min(h.sleep, time.Duration(t.Grace)))
		after.To = after.To.Add(signalDelay)
		if h.kind != recording.PreStopSleep {
			after.To = after.To.Add(hookDelay)
		}
		return sourced(after, "the kubelet's start and the preStop sleep")
	default:
		return sourced(report.Interval{From: start.From, To: limit}, "between the kubelet's start and the exit, because of the preStop hook")
	}
}
