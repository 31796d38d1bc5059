package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// signalDelay is how long the runtime takes to deliver a signal.
const signalDelay = 100 * time.Millisecond

// hookDelay is what starting a hook's own process may add to its sleep.
const hookDelay = time.Second

// sigterm places the stop signal of the containers that serve: each gets its own
// after its own hook, and a sidecar after the main containers have ended as well.
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
	if t.sidecar && t.Container == "" && union.Known() {
		return t.afterOthers(union)
	}
	return union
}

// afterOthers delays a sidecar's signal until the main containers and the sidecars
// behind it in the spec have ended (KEP-753). Until the grace ends each may be waited
// for of which no exit is known.
func (t *ending) afterOthers(own report.Interval) report.Interval {
	delayed := sourced(own, "the preStop hook and the exits of the containers that end before it")
	behind, ended := false, 0
	for _, e := range t.Exits {
		switch {
		case e.Container == t.container:
			behind = true
		case e.Exited.Known() && (behind || !e.Sidecar):
			delayed.From, delayed.To = later(delayed.From, e.Exited.From), later(delayed.To, e.Exited.To.Add(signalDelay))
			ended++
		case behind || !e.Sidecar:
			delayed.To = t.deadline().To
		}
	}
	if ended == 0 {
		delayed.To = later(delayed.To, t.deadline().To)
	}
	if t.Exited.Known() {
		// It is over by its own exit, whichever signal brought that about.
		delayed.To = earlier(delayed.To, t.Exited.To)
		delayed.From = earlier(delayed.From, delayed.To)
	}
	return delayed
}

// signalAfter is at the kubelet's start without a hook, after a sleep of known
// length, where a hook itself tells the server to stop at that step, and anywhere up to the end of the grace after any other hook, whose
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
	case t.quits(h):
		told := shifted(start, min(h.quit.After, time.Duration(t.Grace)))
		told.To = told.To.Add(hookDelay + signalDelay)
		if !h.quit.Exact {
			told.To = limit
		}
		told.To = earlier(told.To, limit)
		told.From = earlier(told.From, told.To)
		return sourced(told, fmt.Sprintf("the kubelet's start and the preStop hook, which tells the server to stop (%s)", h.quit.Command))
	case h.over.Known() && !t.forced():
		over := report.Interval{From: h.over.From, To: earlier(h.over.To.Add(signalDelay), limit)}
		over.From = earlier(over.From, over.To)
		return sourced(over, "the FailedPreStopHook event")
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
