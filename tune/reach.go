package tune

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// otherSettings says which pod ended with others than the run's, empty where none is known
// to. The template has them, but that is not all that decides: a webhook may change pods as
// they are made, whoever ends one may grant it less, and it may be of another revision.
func otherSettings(rep *report.Report, s chaos.Settings) string {
	sleep, _ := manifest.PreStopSleep(s.PreStop)
	for i := range rep.Terminations {
		t := &rep.Terminations[i]
		if t.Container != "" || neverServed(t) {
			continue
		}
		var has string
		switch {
		case time.Duration(t.Grace) != time.Duration(s.Grace)*time.Second:
			has = fmt.Sprintf("a grace period of %s, and not of %d s", t.Grace, s.Grace)
		case !t.PreStopFailed.Known() && (t.Serves == "" || t.Serves == s.Container) && time.Duration(t.PreStopSleep) < sleep:
			has = fmt.Sprintf("a preStop sleep of %s, and not of %s", t.PreStopSleep, sleep)
		default:
			continue
		}
		return fmt.Sprintf("pod %s ended with %s, as the template had it: a webhook has changed the pod, or whoever ended it has, or it was of another revision", t.Pod, has)
	}
	return ""
}

// neverServed tells of a pod that no slice called ready and no answer named. What its deletion
// granted says nothing of its settings: an API server grants no time to a pod that has no
// node yet, whatever it asks for (CheckGracefulDelete in kubernetes
// pkg/registry/core/pod/strategy.go).
func neverServed(t *report.Termination) bool {
	return !t.LeftSlice.Known() && !t.LastAnswered.Known()
}

// tooShortToMeasure says what the run that measures was too short for, so that what it has
// lost tells nothing of longer settings; empty where it tells. A sleep that is over while
// requests still come has them meet a pod that exits: those that are cut in flight then may
// be lost by that alone, too.
func tooShortToMeasure(rep *report.Report, s chaos.Settings) string {
	if rep.Verdict != report.Failed {
		return ""
	}
	sleep, _ := manifest.PreStopSleep(s.PreStop)
	if lag := lastCame(rep, sleep); lag > 0 {
		return stillCame(lag, sleep)
	}
	if !slices.ContainsFunc(rep.Findings, func(f report.Finding) bool { return f.Cause != report.GraceTooShort }) && len(rep.Findings) > 0 {
		return fmt.Sprintf("requests were still being answered when the grace period of %d s ended: how long they would have taken is not known; want a longer --longest-drain", s.Grace)
	}
	return ""
}

// stillCame says that requests came for longer than the sleep can show.
func stillCame(lag, sleep time.Duration) string {
	return fmt.Sprintf("new requests still came to a pod %s after its end had begun, and its sleep of %s was over then or soon after: how long they would have come is not known; want a longer --longest-sleep, or a service that stops sending",
		text.Coarse(lag), sleep)
}

// lastCame is how long after an end had begun a request still came on a new connection,
// where that was as the sleep was over, or soon before; 0 where it was not, and where a pod
// turned requests away while its hook was still to sleep: no sleep mends that.
func lastCame(rep *report.Report, sleep time.Duration) time.Duration {
	var last time.Duration
	for i := range rep.Terminations {
		t := &rep.Terminations[i]
		if t.Container != "" || !t.KubeletStarted.Known() {
			continue
		}
		if t.FirstRefused.Known() && (t.PreStopFailed.Known() || t.FirstRefused.From.Sub(t.KubeletStarted.From) < sleep-report.LagMargin) {
			return 0
		}
		for _, came := range []report.Interval{t.LastNew, t.FirstRefused} {
			if came.Known() {
				last = max(last, came.To.Sub(t.KubeletStarted.From))
			}
		}
	}
	if last <= sleep-report.LagMargin {
		return 0
	}
	return last
}

// failedHook is an end whose hook failed, so that it did not sleep; nil where none did.
func failedHook(rep *report.Report) *report.Termination {
	for i := range rep.Terminations {
		if t := &rep.Terminations[i]; t.PreStopFailed.Known() {
			return t
		}
	}
	return nil
}
