package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// arrivals is for how long after the kubelet's start new connections may be sent to the
// pod: until it has left the slice and, so much later, what sends to it has followed.
func (a *account) arrivals(follows time.Duration) (lag time.Duration, known bool) {
	if !a.LeftSlice.Known() || !a.KubeletStarted.Known() {
		return 0, false
	}
	return max(0, a.LeftSlice.To.Sub(a.KubeletStarted.From)) + follows, true
}

// untested tells whether it stayed open if the pod answers what is in flight at
// SIGTERM, although a request may be. It went as soon as it was signalled; no request
// that was in flight then is known to have been answered by it or its like; and one
// that comes on a new connection while the proxies still send some would, if
// it takes as long as the longest, end after a preStop sleep of known length. Where
// the sleep outlasts that sum, nothing on new connections needs a drain. Without a
// sleep requests that come are another question: that of the listener.
func (a *account) untested(longest, follows time.Duration) bool {
	sleep := time.Duration(a.PreStopSleep)
	if sleep == 0 || a.PreStopFailed.Known() || !a.orderly() || a.killed() || !a.Exited.Known() || !a.left() || a.finishes {
		return false
	}
	lag, known := a.arrivals(follows)
	return known && lag+longest > sleep
}

// untestedDrains warns of pods of which it is not known whether they drain; nil if
// there is none. The sleep that it names outlasts what may come by so much at the least. A
// starved run has no numbers for it.
func untestedDrains(ended []*account, longest, follows, spare time.Duration, starved bool) *report.Warning {
	var untested []*account
	var names []string
	var lag, sleep, took time.Duration
	for _, a := range ended {
		if !a.untested(longest, follows) {
			continue
		}
		own, _ := a.arrivals(follows)
		untested, names = append(untested, a), append(names, a.Pod)
		lag, sleep = max(lag, own), max(sleep, time.Duration(a.PreStopSleep))
		took = max(took, a.Exited.To.Sub(a.Sigterm.From))
	}
	if len(names) == 0 {
		return nil
	}
	signal := stopSignals(untested)
	toHandle, change := signal, ""
	if i := slices.IndexFunc(untested, func(a *account) bool { return unhandled(a.signal()) }); i >= 0 {
		toHandle, change = sigtermName, insteadOfSigterm(untested[i].StopSignal)+". "
	}
	if starved {
		return &report.Warning{Cause: report.NoDrain, Text: fmt.Sprintf(
			"%s exited soon after %s, and no request is known to have been in flight then: whether the program answers such requests was not put to the test. %sSee that it does.",
			list(names), signal, change)}
	}
	return &report.Warning{Cause: report.NoDrain, Text: fmt.Sprintf(
		"%s exited within %s of %s, and no request is known to have been in flight then: whether the program answers such requests was not put to the test. "+
			"New ones may come for %s after the stop has begun, and take up to %s: longer than the preStop sleep of %s. "+
			"%sSee that the program answers what is in flight at %s, or sleep for %d s.",
		list(names), text.Coarse(took), signal, text.Coarse(lag), text.Coarse(longest), text.Coarse(sleep), change, toHandle, wholeSeconds(lag+max(longest, spare)))}
}

// keptUnderWay is how many requests a pod had under way on kept connections at any moment,
// in the mean: what one that exits at once with all it has would cut by each end.
func (t *traffic) keptUnderWay(began time.Time, pods int) float64 {
	sum := 0.0
	for _, s := range t.streams {
		if s.Connections == string(check.Reused) && s.Sent > 0 {
			sum += float64(s.OK) * float64(s.onKept) / float64(s.Sent) * s.took.Mean() * float64(time.Microsecond)
		}
	}
	if elapsed := t.last.Sub(began); elapsed > 0 {
		return sum / float64(elapsed) / float64(pods)
	}
	return 0
}

// untestedKept warns of pods that exited as soon as they were signalled, of which it is not
// known whether they answer what is in flight, where clients keep connections: on these
// requests come until the signal, however long a hook sleeps. That none was cut shows it
// where several would have been. It leads to no cause, as it shows no weakness.
func untestedKept(ended []*account, perEnd float64) *report.Warning {
	names := podsOf(ended, func(a *account) bool {
		return a.PreStopSleep > 0 && !a.PreStopFailed.Known() && a.orderly() && !a.killed() && a.Exited.Known() && a.wasReady && a.left() && !a.finishes
	})
	expected := perEnd * float64(len(names))
	if len(names) == 0 || perEnd == 0 || expected >= sparedEnough {
		return nil
	}
	return &report.Warning{Text: fmt.Sprintf("%s exited as soon as the stop signal came. On connections that clients keep requests come until then, however long preStop sleeps, and so few were under way (%.2g at all of these moments together) "+
		"that whether the program answers them was not put to the test: a stream of slow requests, a higher rate or more repetitions would show it", list(names), expected)}
}
