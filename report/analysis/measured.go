package analysis

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// smallMargin is the margin below which a pass is called lucky: a kube-proxy may
// be a second late (its minSyncPeriod), and the kubelet rounds by as much.
const smallMargin = time.Second

// drainMargin is added to the longest request when a sleep is computed that outlasts it.
const drainMargin = 2 * time.Second

// Numbers rest on what is certain or likely. What fits the times loosely alone may
// have been lost in another way: a single connection that vanished seconds after the
// proxies had forgotten the pod may have been led there by connection tracking, and
// must not make a sleep longer.

// measured is what the fix of a cause is computed from.
type measured struct {
	// longest is how long an answered request took at the most, longestLost one
	// that was lost by the cause.
	longest, longestLost time.Duration
	// played is the balancer that the senders played, nil for none: then the lags are its
	// own, or longer.
	played *played
	// lag is how long after the kubelet's start a pod was still sent new
	// connections, over all failures, so that the fixes agree with each other;
	// ownLag is that over those of the cause, arrivals the same for all requests.
	lag, ownLag, arrivals time.Duration
	// cutShortNew tells that some of what the cause lost had come on a new connection, and
	// most probably takes less time than the sleep has left when the lag is over.
	cutShortNew bool
	// lostKept tells that some of it had come on a kept one.
	lostKept bool
	// afterSlice is for how long a pod was still sent new connections after it had
	// left its EndpointSlices.
	afterSlice time.Duration
	// counted are the failures of the cause that numbers rest on; leftOut are those
	// that would have made the lag longer and are not sure enough, up to leftOutLag.
	counted, leftOut int
	leftOutLag       time.Duration
	// spoken is what the streams speak that lost requests by the cause.
	spoken spoken
	// cuts are when what was in flight was cut, from SIGTERM on; nil where that is not
	// known of each.
	cuts *report.Span
	// ends and starts are the terminations and the new pods that the cause is
	// seen in.
	ends     []*termination
	starts   []*life
	workload recording.Workload
	// gateways are those of the ends at which the pod answered in the place of another
	// of its containers.
	gateways []*termination
	// holder is another container whose exit cut most of what was cut; nil if there is none.
	holder *holder
	// outlivers are other containers that answered by themselves when the one that serves
	// had ended.
	outlivers []string
	// noticed tells that all ends are known to have noticed their SIGTERM.
	noticed bool
	// unknown counts those that came when the played balancer knew no pod.
	unknown int
	// toNone tells that the check itself asked for no pods.
	toNone bool
	// starved tells that the run's times are no measure, so that a fix says what to
	// do without numbers.
	starved bool
	// change is what the fix changes of how a pod ends, settings what all fixes of the
	// report make of it.
	change   change
	settings settings
}

// numberless says why a fix has no number of what was lost; empty where it has one.
func (m *measured) numberless() string {
	switch {
	case m.starved:
		return unmeasured
	case m.published():
		return "take publishNotReadyAddresses off first, to measure"
	case m.counted == 0:
		return "the losses are not sure enough to tell"
	default:
		return ""
	}
}

// published tells whether the pods were in rotation until they were gone, as a Service
// with publishNotReadyAddresses has it. However long a hook sleeps, what comes after it
// is lost: a number of what came late would grow with each sleep that it leads to.
func (m *measured) published() bool {
	return slices.ContainsFunc(m.ends, func(t *termination) bool { return t.published })
}

// unpublish is what comes before any other change there.
const unpublish = "Take publishNotReadyAddresses off the Service that clients use, and give pods that look for their peers a second, headless one with it: " +
	"it keeps a pod in the EndpointSlice as ready until the pod is gone, so that no preStop sleep keeps requests away. "

// unmeasured says so of a starved run.
const unmeasured = "this run was too late to measure"

// longestWords tell in brackets how long a drain has to wait.
func (m *measured) longestWords() string {
	if m.starved {
		return ""
	}
	return fmt.Sprintf(" (up to %s was seen here)", text.Coarse(m.longest))
}

// sleepWords name the preStop sleep to add, then what it is for, and the patch.
func (m *measured) sleepWords(purpose string) string {
	if why := m.numberless(); why != "" {
		if m.ownSleepKnown() {
			return "preStop sleep that is longer than its own (" + why + " by how much)" + purpose
		}
		return "preStop sleep of some seconds (" + why + " how many)" + purpose
	}
	words := fmt.Sprintf("preStop sleep of %d s%s", m.advisedSleep(), purpose)
	switch {
	case m.preStopPatch() == "":
	case m.replacesHook():
		words += "; " + m.replacedHookWords()
	default:
		words += "; the patch adds it"
	}
	return words
}

// replacesHook tells whether the patch of a preStop sleep takes away another hook.
func (m *measured) replacesHook() bool {
	return m.preStopPatch() != "" && otherHandler(m.ends[0].of(m.ends[0].container).PreStop) != ""
}

func (m *measured) replacedHookWords() string {
	return fmt.Sprintf("the patch puts it in the place of the hook that there is: where that does more than wait, let it sleep for %d s first instead", m.advisedSleep())
}

// leftOutWords tell of requests beyond the lag that the number does not hold.
func (m *measured) leftOutWords() string {
	if m.leftOut == 0 || m.numberless() != "" {
		return ""
	}
	return fmt.Sprintf(" Left out of the number: %s, sent up to %s after the kubelet began to stop the pod, which may have been lost in another way.",
		text.Count(m.leftOut, "request"), text.Coarse(m.leftOutLag))
}

// slowRotationWords tell of pods that were sent new connections for longer after they
// had left their slices than a kube-proxy needs that has the processor to itself.
func (m *measured) slowRotationWords() string {
	if m.played != nil || m.afterSlice <= slowProxyLag || m.numberless() != "" {
		return ""
	}
	return fmt.Sprintf(" It came %s after the pod had left its EndpointSlice, and a kube-proxy on a node that is not busy takes %s at the most: "+
		"the nodes lack processor time, or their kube-proxy has asked for none (check again when they have it: the number may be too high), have very many services, or something that forgets pods more slowly stands in front of them.",
		text.Coarse(m.afterSlice), text.Coarse(proxyLag))
}

// sleepsEnough tells whether the pods' preStop hook sleeps for long enough already,
// so that it is neither added nor made shorter.
func (m *measured) sleepsEnough() bool {
	return m.numberless() == "" && m.ownSleepKnown() &&
		wholeSeconds(time.Duration(m.ends[0].PreStopSleep)) >= m.sleep()
}

// ownSleepKnown tells whether they sleep at all, for a time that is known.
func (m *measured) ownSleepKnown() bool { return len(m.ends) > 0 && m.ends[0].PreStopSleep > 0 }

// ownSleep names that sleep.
func (m *measured) ownSleep() string {
	return "preStop sleep of " + text.Coarse(time.Duration(m.ends[0].PreStopSleep))
}

// sleep is the preStop sleep, in whole seconds, that outlasts the lag.
func (m *measured) sleep() int { return sleepFor(m.lag) }

func sleepFor(lag time.Duration) int { return wholeSeconds(lag + report.LagMargin) }

// advisedSleep is the one that the report advises: another fix may need a longer one.
func (m *measured) advisedSleep() int {
	if len(m.ends) == 0 {
		return m.sleep()
	}
	return max(m.sleep(), m.settings.sleeps[m.ends[0].container])
}

// longerSleepWords tell that it is longer for another fix.
func (m *measured) longerSleepWords() string {
	if m.advisedSleep() == m.sleep() {
		return ""
	}
	return fmt.Sprintf(" That makes %d s; another fix of this report needs the longer sleep.", m.sleep())
}

// lacksSleep tells whether a patch can give the container that serves the sleep that
// outlasts the lag: there is a number for it, it does not sleep for long enough, and the
// template has the container.
func (m *measured) lacksSleep() bool {
	return m.numberless() == "" && !m.sleepsEnough() && len(m.ends) > 0 && m.ends[0].container != "" && !m.workload.Injected(m.ends[0].container)
}

// preStopPatch adds the sleep, and the grace that the pod needs; empty where the fix does
// not change that.
func (m *measured) preStopPatch() string {
	if !m.change.sleeps {
		return ""
	}
	t := m.ends[0]
	spec := patch.Object{}
	t.addPreStopSleep(spec, t.container, m.advisedSleep())
	t.addGrace(spec, m.settings.grace)
	return patch.PodSpec(spec)
}

// addPreStopSleep adds to the change of a pod's spec that a container's hook sleeps,
// in the place of the hook that it has.
func (t *ending) addPreStopSleep(spec patch.Object, container string, seconds int) {
	c := t.of(container)
	var others []string
	if other := otherHandler(c.PreStop); other != "" {
		others = []string{other}
	}
	listOf(c.Sidecar).Container(spec, container, patch.Sleep(seconds, others...))
}

// otherHandler is the field of a hook's handler that does not sleep, empty if it has none.
func otherHandler(kind recording.PreStopKind) string {
	if kind == recording.PreStopSleep {
		return ""
	}
	return string(kind) // each is called as its field
}

// listOf is the list of a pod's spec that has a container.
func listOf(sidecar bool) patch.List {
	if sidecar {
		return patch.Init
	}
	return patch.Main
}

// addGrace makes the pod's own grace so many seconds long, if it is shorter. A deletion may have come with
// another one, which tells nothing of the spec: that must not become shorter.
func (t *ending) addGrace(spec patch.Object, seconds int) {
	if t.specGrace < inSeconds(seconds) {
		spec["terminationGracePeriodSeconds"] = seconds
	}
}

func inSeconds(n int) time.Duration { return time.Duration(n) * time.Second }

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// size writes a number of bytes the way manifests do.
func size(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
		if n >= unit.size && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// signal is the one that the fix is about: SIGTERM where the pod gets one that nobody
// can handle.
func (m *measured) signal() string {
	if len(m.ends) == 0 || unhandled(m.ends[0].signal()) {
		return sigtermName
	}
	return m.ends[0].signal()
}

// stopSignal tells of a signal that the pod gets instead of SIGTERM, in a sentence;
// empty if it gets none.
func (m *measured) stopSignal() string {
	if len(m.ends) == 0 || m.ends[0].StopSignal == "" {
		return ""
	}
	return insteadOfSigterm(m.ends[0].StopSignal) + ". "
}
