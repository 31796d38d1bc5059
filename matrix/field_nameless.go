package matrix

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// nameless are services whose answers name no pod, as most people's do: which pod failed
// a request is told by times, and by what a connection had carried before.
func nameless() []Row {
	unnamed := env("NAMELESS", "yes")
	tooSoon := tried("node, Ready too soon, nameless", "node", onlyNew, fails(report.NotReadyYet).only(report.NotReadyYet),
		unnamed, env("OPEN_AFTER", "6"), env("ON_SIGTERM", "close"), readyOn(9090), preStop(5))
	tooSoon.Rest = 8 * time.Second
	// Ten are sent in the last second before each SIGTERM, a third of them to the pod that
	// gets it: these take longer than its 2 s of grace.
	manySlow := slow()
	manySlow.Rate = 10
	return []Row{
		tooSoon,
		tried("node closes its server, nameless", "node", newAndBusy,
			fails(report.KeepaliveOutlastsGrace).only(report.KeepaliveOutlastsGrace).notAdvising("is not known"), unnamed, env("ON_SIGTERM", "close"), preStop(3)),
		// That new connections came to it the kubelet's probe shows alone, which gives up
		// after 4 s.
		tried("node, first process, nameless", "node", newAndBusy,
			fails(report.SigtermIgnored).only(report.SigtermIgnored), unnamed, grace(8)),
		// Slow requests are cut by the kill; kept connections it has not read since SIGTERM.
		tried("gunicorn threads, grace of 2 s, nameless", "gunicorn", []check.Stream{reused(40), manySlow},
			fails(report.ListenerClosedEarly).or(fails(report.KeepaliveCut).or(fails(report.GraceTooShort))).
				only(report.ListenerClosedEarly, report.KeepaliveCut, report.GraceTooShort).has(report.GraceTooShort),
			unnamed, env("GUNICORN_OPTIONS", "-w 1 --threads 32 --graceful-timeout 30"), grace(2)),
		// The errors are the proxy's own; the pods leave without answering any.
		unnamedApp(through("behind haproxy, nameless", "haproxy-proxy", "app", newAndKept, leaves())),
	}
}

// unnamedApp has no answer of the row's Deployment app name its pod.
func unnamedApp(row Row) Row {
	for _, o := range row.Objects {
		if d, is := o.(*appsv1.Deployment); is && d.Name == "app" {
			env("NAMELESS", "yes")(d)
		}
	}
	return row
}
