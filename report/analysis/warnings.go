package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// smallMargin is the margin below which a pass is called lucky: a kube-proxy may
// be a second late (its minSyncPeriod), and the kubelet rounds by as much.
const smallMargin = time.Second

// warn lists what a passing run should not be silent about: first what the check
// itself gives up, what preflight noticed and what could not be put back, then the
// weaknesses that cost nothing.
func warn(r *recording.Recording, run *run, t *traffic, ended []*account, findings []report.Finding) []report.Warning {
	var all []report.Warning
	if secure := r.Header.Check.Target.TLS; secure != nil && secure.InsecureSkipVerify {
		all = append(all, report.Warning{Text: "certificates were not verified (insecureSkipVerify): whether clients that verify them would have been answered is not known"})
	}
	for _, noticed := range r.Header.Workload.Warnings {
		all = append(all, report.Warning{Text: noticed})
	}
	for _, failed := range run.restoreFailed {
		all = append(all, report.Warning{Text: "not put back: " + failed})
	}
	all = append(all, weaknesses(ended, t, findings)...)
	if !t.podsNamed {
		all = append(all, report.Warning{Text: "answers do not name their pod (header " +
			r.Header.Check.Target.PodHeader + "): whether each ended pod carried traffic could not be checked"})
	}
	return all
}

// weaknesses lists those that cost no request this time. A cause that a
// finding blames already is not warned of.
func weaknesses(ended []*account, traffic *traffic, findings []report.Finding) []report.Warning {
	blamed := map[report.Cause]bool{}
	for i := range findings {
		blamed[findings[i].Cause] = true
	}
	var all []report.Warning
	warn := func(cause report.Cause, weak func(*account) bool, format string, args ...any) {
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
	stayed := func(as stay) func(*account) bool {
		return func(t *account) bool {
			return t.killed() && t.orderly() && !t.eatenByPreStop() && t.stayed(traffic) == as
		}
	}
	warn(report.SigtermIgnored, stayed(ignoring),
		"took no notice of SIGTERM and had to be killed when the grace period ended, although no request was lost to it")
	warn(report.SigtermIgnored, stayed(idle),
		"took no notice of SIGTERM, or did not end after it: with nothing left to answer it had to be killed when the grace period ended. Which of the two is not known")
	warn(report.KeepaliveOutlastsGrace, stayed(servesKept),
		"went on serving kept-alive connections until the grace period ended and had to be killed, although no request was lost to it: "+
			"after SIGTERM a program has to answer with \"Connection: close\" (in Node, besides server.close())")
	warn(report.GraceTooShort, stayed(working),
		"still ran when the grace period ended and had to be killed, although no request was lost to it")
	warn(report.GraceTooShort, stayed(unclear),
		"still ran when the grace period ended and had to be killed, although no request was lost to it. Whether it had noticed SIGTERM is not known")
	warn(report.PrestopEatsGrace, func(t *account) bool { return t.orderly() && t.eatenByPreStop() },
		"still ran when the grace period ended and had to be killed: the preStop hook had used up almost all of it")
	// An exit is known to the second only: within that and the margin it was near.
	const near = smallMargin + time.Second
	short := func(t *account) bool { return !t.killed() && t.orderly() && t.exitedWithin(near) }
	warn(report.PrestopEatsGrace, func(t *account) bool { return short(t) && t.hookIsLong() },
		"exited less than %s before the grace period ended: the preStop hook had used up almost all of it", near)
	warn(report.GraceTooShort, func(t *account) bool { return short(t) && !t.hookIsLong() },
		"exited less than %s before the grace period ended", near)
	warn(report.ListenerClosedEarly, func(t *account) bool {
		// One that exits on SIGTERM has a fix already that includes the sleep.
		return !blamed[report.NoDrain] && !t.killed() && t.orderly() && t.wasReady && t.signalledWithin(smallMargin)
	}, "got SIGTERM less than %s after leaving the EndpointSlice, while proxies may still send requests: only a program that keeps accepting then is safe, or a preStop sleep", smallMargin)
	if untested := untestedDrains(ended, traffic.longest()); untested != nil && !blamed[report.NoDrain] {
		all = append(all, *untested)
	}
	warn(report.Restarted, func(t *account) bool { return t.restarted() },
		"had a container that ended or was restarted during the run, although no request was lost to it")
	return all
}
