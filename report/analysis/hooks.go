package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// hook is one container's preStop hook.
type hook struct {
	container string
	kind      recording.PreStopKind
	sleep     time.Duration
	// quit is its step that itself tells the server to stop, nil if it has none.
	quit *recording.Quit
	// over is when the kubelet said that it had failed, after which it sends the stop
	// signal at once; not known where it did not say so.
	over report.Interval
}

// hookOf is a container's hook. A tcpSocket counts as none: the kubelet runs none
// (core/v1 LifecycleHandler.TCPSocket) and goes on to the signal at once.
func (t *ending) hookOf(c *recording.Container, events []kubeEvent, clock span) hook {
	h := hook{container: c.Name, kind: c.PreStop, sleep: c.PreStopSleep, quit: c.PreStopQuit, over: t.hookFailure(c, events, clock)}
	if h.kind == recording.PreStopTCP {
		h.kind = recording.PreStopNone
	}
	return h
}

// readHooks takes the hooks of containers once their exits are known.
func (t *ending) readHooks(containers []recording.Container, events []kubeEvent, clock span) {
	for _, c := range containers {
		h := t.hookOf(&c, events, clock)
		var failed report.Interval
		if t.failedFirst(h, t.exitOf(c.Name)) {
			h.sleep, failed = 0, h.over
		}
		if t.quits(h) {
			t.quit = h.quit
		}
		t.hooks = append(t.hooks, h)
		if h.kind != recording.PreStopNone && report.Duration(h.sleep) >= t.PreStopSleep {
			t.PreStop, t.PreStopSleep, t.PreStopFailed = h.kind, report.Duration(h.sleep), failed
		}
	}
}

// quits tells of a hook that tells the server to stop whether it came to that.
func (t *ending) quits(h hook) bool {
	return h.quit != nil && !t.forced() && !t.byNode() && !t.failedFirst(h, t.exitOf(h.container))
}

// exitOf is a container's exit.
func (t *ending) exitOf(container string) report.Interval {
	if container == t.container {
		return t.Exited
	}
	for _, e := range t.Exits {
		if e.Container == container {
			return e.Exited
		}
	}
	return report.Interval{}
}

// hookFailure is when the kubelet told of the container that its hook had failed
// (kubernetes pkg/kubelet/kuberuntime, executePreStopHook: FailedPreStopHook). A hook
// that runs when the grace ends is given up without a word, and one that is given up, or
// whose container ends meanwhile, fails by the exit: that says nothing of the signal.
func (t *ending) hookFailure(c *recording.Container, events []kubeEvent, clock span) report.Interval {
	exit := t.exitOf(c.Name)
	for _, e := range events {
		if e.Reason != "FailedPreStopHook" || e.Container != c.Name || e.Emitted.IsZero() || !t.KubeletStarted.Known() {
			continue
		}
		when := e.when(clock)
		if when.To.Before(t.KubeletStarted.From.Add(-clockSlack)) || !when.From.Before(t.deadline().From) || exit.Known() && !exit.To.After(when.From) {
			continue
		}
		return when
	}
	return report.Interval{}
}

// failedFirst tells a hook that failed by itself from one that its container's exit
// took along, which may have done what it is there for: both are told of in the same
// words, and the exit is known to the second only. It failed by itself if that was at
// once, before its sleep can have been over, or certainly before the exit.
func (t *ending) failedFirst(h hook, exit report.Interval) bool {
	if !h.over.Known() {
		return false
	}
	took := h.over.To.Sub(t.KubeletStarted.From)
	if h.quit != nil && took >= max(h.quit.After, hookDelay) {
		return false // it has done what it is there for, however it went on
	}
	return took < max(h.sleep, hookDelay) || exit.Known() && h.over.To.Before(exit.From)
}
