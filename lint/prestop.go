package lint

import (
	"fmt"
	"math"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

const (
	// proxyLag is for how long, in seconds, requests still come in after the
	// kubelet has begun to stop a pod: kube-proxy's minSyncPeriod is 1 s, and
	// up to 1.5 s were measured on a kind cluster.
	proxyLag = 2
	// advisedSleep leaves room for slower moments.
	advisedSleep = 5
	// leastDrain is the least time, in seconds, that preStop should leave the
	// program; the kubelet itself gives no less than 2 s
	// (kuberuntime_container.go, minimumGracePeriodInSeconds).
	leastDrain = 2
)

var preStopRules = []rule{{
	id:    "no-prestop",
	cause: report.ListenerClosedEarly,
	doc:   "A container that requests reach has no preStop, so SIGTERM comes before the proxies have stopped sending.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			if w.grace() > 0 && (c.Lifecycle == nil || c.Lifecycle.PreStop == nil) {
				b := breach{
					severity: Warning, container: c.Name, field: c.field + ".lifecycle.preStop",
					why:    fmt.Sprintf("SIGTERM comes at once, while the cluster's proxies send new requests for up to %d s more: a program that stops listening on SIGTERM turns them away.", proxyLag),
					fix:    fmt.Sprintf("Let preStop sleep for %d s%s.", advisedSleep, thenStop(c)),
					recipe: recipe(c),
				}
				if thenStop(c) == "" {
					b.patch = sleepPatch(w, c, advisedSleep)
				}
				if b.recipe.Server == "caddy" {
					// caddyserver.com/docs/caddyfile/options: shutdown_delay.
					b.severity = Note
					b.fix = fmt.Sprintf("Set Caddy's shutdown_delay to %d s, if its configuration does not, or let preStop sleep for as long.", advisedSleep)
				}
				report(b)
			}
		}
	},
}, {
	id:    "prestop-short",
	cause: report.ListenerClosedEarly,
	doc:   "preStop sleeps for less than the proxies' lag: kube-proxy's minSyncPeriod of 1 s, measured up to 1.5 s.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			if sleep, known := preStopSleep(c); known && sleep < proxyLag && w.grace() > 0 {
				report(breach{
					severity: Warning, container: c.Name, field: c.field + ".lifecycle.preStop",
					why:   fmt.Sprintf("preStop sleeps %g s, while the cluster's proxies send new requests for up to %d s.", sleep, proxyLag),
					fix:   fmt.Sprintf("Let preStop sleep for %d s.", advisedSleep),
					patch: sleepPatch(w, c, advisedSleep), recipe: recipe(c),
				})
			}
		}
	},
}, {
	id:    "prestop-eats-grace",
	cause: report.PrestopEatsGrace,
	doc:   "The grace period counts from before preStop; what preStop leaves of it is all that the program has after SIGTERM, at least 2 s.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			sleep, known := preStopSleep(c)
			grace := float64(w.grace())
			left := grace - sleep
			b := breach{container: c.Name, field: c.field + ".lifecycle.preStop"}
			switch {
			case !known || grace == 0:
				continue
			case left < 0:
				b.severity = Error
				b.why = fmt.Sprintf("preStop sleeps %g s, longer than the grace period of %g s: ", sleep, grace)
				b.always = preStop(c).Sleep != nil
				if b.always {
					b.why += "the API server refuses that of a sleep action."
				} else {
					b.why += fmt.Sprintf("the kubelet waits no longer than that, and the program is killed %d s after SIGTERM.", leastDrain)
				}
			case left == 0:
				// With short requests a pod is idle by the time of SIGTERM, and loses nothing.
				b.severity = Warning
				b.why = fmt.Sprintf("preStop sleeps for all of the grace period of %g s: nothing is left, and the program is killed %d s after SIGTERM.", grace, leastDrain)
			case left < leastDrain:
				b.severity = Warning
				b.why = fmt.Sprintf("preStop sleeps %g s of a grace period of %g s and leaves %g s to answer what is in flight.", sleep, grace, left)
			case grace < defaultGrace && sleep > grace/2:
				b.severity = Warning
				b.why = fmt.Sprintf("The grace period is %g s, less than the usual %d s, and preStop sleeps %g s of it: %g s are left to answer what is in flight.", grace, defaultGrace, sleep, left)
			default:
				continue
			}
			needed := int(math.Ceil(sleep)) + defaultGrace
			b.fix = fmt.Sprintf("Set terminationGracePeriodSeconds to %d, preStop and the usual %d s after it, or sleep less.", needed, defaultGrace)
			b.patch = patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": needed})
			report(b)
		}
	},
}, {
	id:    "grace-zero",
	cause: report.GraceTooShort,
	doc:   "With a grace period of 0 there is neither preStop nor SIGTERM (kuberuntime_container.go killContainer).",
	find: func(w *workload, report func(breach)) {
		if w.grace() == 0 {
			report(breach{
				severity: Error, field: "spec.template.spec.terminationGracePeriodSeconds",
				why:   "The grace period is 0 s: preStop is not run, and what is in flight is cut.",
				fix:   fmt.Sprintf("Set terminationGracePeriodSeconds to %d or to what the longest request needs.", defaultGrace),
				patch: patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": defaultGrace}),
			})
		}
	},
}, {
	id:    "prestop-length-unknown",
	cause: report.PrestopEatsGrace,
	doc:   "preStop runs a command or a request whose length no manifest tells.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			hook := preStop(c)
			if _, known := preStopSleep(c); hook == nil || known || (hook.Exec == nil && hook.HTTPGet == nil) {
				continue
			}
			what := "a command"
			if hook.HTTPGet != nil {
				what = "an HTTP request"
			}
			b := breach{
				severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why: fmt.Sprintf("preStop is %s of unknown length: below %d s new requests still come in afterwards, and what it takes is missing from the grace period of %d s.", what, proxyLag, w.grace()),
				fix: fmt.Sprintf("See that it takes at least %d s and leaves enough of the grace, or sleep instead.", proxyLag),
			}
			if stop := thenStop(c); stop != "" {
				b.fix = fmt.Sprintf("Let it sleep for %d s%s, all of it within the grace.", advisedSleep, stop)
			}
			if sleep, known := manifest.PreStopSleepsFirst(hook); known && sleep >= proxyLag*time.Second {
				b.why = fmt.Sprintf("preStop sleeps %g s and then does more, for a time that no manifest tells: it is missing from the grace period of %d s.", sleep.Seconds(), w.grace())
				b.fix = "See that the longest request is answered within what is left of the grace."
			}
			report(b)
		}
	},
}, {
	id:    "prestop-needs-binary",
	cause: report.ListenerClosedEarly,
	doc:   "A preStop command runs inside the image; where the image has no such program the hook fails and SIGTERM comes at once.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			hook := preStop(c)
			if hook == nil || hook.Exec == nil || len(hook.Exec.Command) == 0 {
				continue
			}
			b := breach{
				severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop.exec",
				why: fmt.Sprintf("preStop runs %s, which the image must hold: in one without it the hook fails and SIGTERM comes at once.", hook.Exec.Command[0]),
				fix: "Use preStop's own sleep where the command only waits; it needs nothing of the image (Kubernetes 1.30 and later).",
			}
			if _, known := manifest.PreStopSleepsFirst(hook); known {
				b.fix = "See that the image holds it, and what its script calls."
			}
			if sleep, known := preStopSleep(c); known && sleep >= 1 {
				b.patch = sleepPatch(w, c, int(math.Ceil(sleep)))
			}
			report(b)
		}
	},
}}

// goodStops are the signals with which servers answer what is in flight before they end,
// where SIGTERM is their fast stop (nginx.org/en/docs/control.html,
// httpd.apache.org/docs/2.4/stopping.html, HAProxy's management guide). Their own images
// have them as STOPSIGNAL.
var goodStops = map[string]string{"nginx": "SIGQUIT", "apache": "SIGWINCH", "haproxy": "SIGUSR1"}

// thenStop is what a hook of a server has to do after its sleep, unless its image or the
// spec does it by the stop signal.
func thenStop(c container) string {
	server, by := manifest.Server(c.Container)
	signal := goodStops[server]
	if signal == "" || c.Lifecycle != nil && c.Lifecycle.StopSignal != nil && string(*c.Lifecycle.StopSignal) == signal {
		return ""
	}
	if preStop(c) == nil && by == manifest.Image {
		return ""
	}
	return fmt.Sprintf(" and, unless %s is the image's STOPSIGNAL, then send %s %s and wait until it has gone", signal, server, signal)
}

// recipe leads to the settings of the container's server, or of all.
func recipe(c container) *report.Recipe {
	server, by := manifest.Server(c.Container)
	if server == "" {
		return &report.Recipe{URL: report.RecipesURL}
	}
	return &report.Recipe{Server: server, RecognisedBy: string(by), URL: report.RecipesURL + "#" + server}
}

func preStop(c container) *corev1.LifecycleHandler { return manifest.PreStop(c.Container) }

// preStopSleep is how many seconds preStop sleeps, where it does only that.
func preStopSleep(c container) (seconds float64, known bool) {
	d, known := manifest.PreStopSleep(preStop(c))
	return d.Seconds(), known
}

// sleepPatch makes preStop sleep, and the grace hold it.
func sleepPatch(w *workload, c container, seconds int) string {
	var others []string
	if old := preStop(c); old != nil {
		for field, set := range map[string]bool{"exec": old.Exec != nil, "httpGet": old.HTTPGet != nil, "tcpSocket": old.TCPSocket != nil} {
			if set {
				others = append(others, field)
			}
		}
	}
	spec := patch.Object{}
	c.list.Container(spec, c.Name, patch.Sleep(seconds, others...))
	if w.grace() < seconds+leastDrain {
		spec["terminationGracePeriodSeconds"] = seconds + defaultGrace
	}
	return patch.PodSpec(spec)
}
