package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// smallMargin is the margin below which a pass is called lucky: a kube-proxy may
// be a second late (its minSyncPeriod), and the kubelet rounds by as much.
const smallMargin = time.Second

// warnings lists the weaknesses that cost no request this time. A cause that a
// finding blames already is not warned of.
func warnings(ended []*termination, longest time.Duration, blamed map[report.Cause]bool) []report.Warning {
	var all []report.Warning
	warn := func(cause report.Cause, weak func(*termination) bool, format string, args ...any) {
		var names []string
		for _, t := range ended {
			if weak(t) {
				names = append(names, t.Pod)
			}
		}
		if len(names) > 0 && !blamed[cause] {
			all = append(all, report.Warning{Cause: cause, Text: list(names) + " " + fmt.Sprintf(format, args...)})
		}
	}
	ignored := func(t *termination) bool {
		return t.killed() && t.nature() == "" && !t.eatenByPreStop() && t.ignoredSigterm(longest)
	}
	warn(report.SigtermIgnored, ignored,
		"took no notice of SIGTERM and had to be killed when the grace period ended, although no request was lost to it")
	warn(report.GraceTooShort, func(t *termination) bool { return t.killed() && t.nature() == "" && !ignored(t) && !t.eatenByPreStop() },
		"still ran when the grace period ended and was killed, although no request was lost to it")
	warn(report.PrestopEatsGrace, func(t *termination) bool { return t.nature() == "" && t.eatenByPreStop() },
		"still ran when the grace period ended and was killed: the preStop hook had used up almost all of it")
	short := func(t *termination) bool {
		return !t.killed() && t.nature() == "" && t.Margins.GraceHeadroom != nil && time.Duration(*t.Margins.GraceHeadroom) < smallMargin
	}
	warn(report.PrestopEatsGrace, func(t *termination) bool { return short(t) && t.hookIsLong() },
		"exited less than %s before the grace period ended: the preStop hook had used up almost all of it", smallMargin)
	warn(report.GraceTooShort, func(t *termination) bool { return short(t) && !t.hookIsLong() },
		"exited less than %s before the grace period ended", smallMargin)
	warn(report.ListenerClosedEarly, func(t *termination) bool {
		// One that exits on SIGTERM has a fix already that includes the sleep.
		return !blamed[report.NoDrain] && !t.killed() && t.nature() == "" && t.wasReady && t.Margins.Drain != nil && time.Duration(*t.Margins.Drain) < smallMargin
	}, "got SIGTERM less than %s after leaving the EndpointSlice, while proxies may still send requests: only a program that keeps accepting then is safe, or a preStop sleep", smallMargin)
	warn(report.Restarted, func(t *termination) bool { return t.nature() == report.Restarted },
		"had a container that ended or was restarted during the run, although no request was lost to it")
	return all
}

// ignoredSigterm tells of a pod that was killed whether it had paid no heed to
// the signal: it went on serving as before, or it had nothing left to answer
// for longer than any request takes, and stayed all the same.
func (t *termination) ignoredSigterm(longest time.Duration) bool {
	if t.unmoved {
		return true
	}
	return !t.lostInFlight && t.LastAnswered.Known() && t.Exited.From.Sub(t.LastAnswered.To) > longest+smallMargin
}
