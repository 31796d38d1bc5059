package lint

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
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
	// usualDrain is the time, in seconds, that outlasts what most services take for a
	// request: less of it is worth a note, as it is no fault where requests are short.
	usualDrain = 10

	proxyLagTime = proxyLag * time.Second
)

var preStopRules = []rule{{
	id:    "no-prestop",
	cause: report.ListenerClosedEarly,
	doc:   "A container that requests reach has no preStop, so SIGTERM comes before the proxies have stopped sending.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			if w.grace() > 0 && (c.Lifecycle == nil || c.Lifecycle.PreStop == nil) {
				b := breach{
					severity: w.lessWithoutProxies(Warning), container: c.Name, field: c.field + ".lifecycle.preStop",
					why:    fmt.Sprintf("SIGTERM comes at once, while %s: a program that stops listening on SIGTERM turns them away.", w.stillSend()),
					fix:    w.letSleep() + thenStop(c) + ".",
					recipe: recipe(c),
				}
				if thenStop(c) == "" {
					b.patch = w.advisedPatch(c)
				}
				if w.byName() {
					// How long clients keep an address no sleep of a few seconds covers.
					b.fix = "Let preStop sleep for longer than clients keep the address, or lead them through a service with a cluster IP."
					b.patch = ""
				}
				if isPilot(c) || w.injectsGateway(c) {
					// istio/istio pkg/envoy/agent.go, terminate.
					if drains, untilIdle := w.istioDrains(c); untilIdle && w.advised() <= advisedSleep || drains >= float64(w.advised()) {
						continue
					}
					b.severity = Note
					b.why = fmt.Sprintf("SIGTERM comes at once, while %s: Istio's proxy goes on taking them for its terminationDrainDuration, 5 s where nothing else is set, and ends then, whatever is in flight.", w.stillSend())
					b.fix = "Set terminationDrainDuration (TERMINATION_DRAIN_DURATION_SECONDS) to what the way to it and the longest request need, and the grace period to more."
					b.patch = ""
				}
				if b.recipe.Server == "caddy" {
					// caddyserver.com/docs/caddyfile/options: shutdown_delay.
					b.severity = Note
					b.fix = fmt.Sprintf("Set Caddy's shutdown_delay to %d s, if its configuration does not, or let preStop sleep for as long.", w.advised())
				}
				w.onlyPutsOff(c, &b)
				w.goesOn(c, &b)
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
			hook := judge(w, c)
			if preStop(c) == nil || !hook.Exact || hook.Fails != "" || hook.Quits != nil && !hook.Quits.Maybe || hook.Least >= proxyLagTime || w.grace() == 0 {
				continue
			}
			does := "sleeps"
			if !hook.OnlySleeps || hook.Least == 0 && preStop(c).Exec != nil {
				does = "takes"
			}
			b := breach{
				severity: w.lessWithoutProxies(Warning), container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why:   fmt.Sprintf("preStop %s %g s, while %s.", does, hook.Least.Seconds(), w.stillSend()),
				fix:   w.letSleep() + ".",
				patch: w.advisedPatch(c),
			}
			if !hook.OnlySleeps { // a patch would do away with what else it does
				b.fix, b.patch = fmt.Sprintf("Let preStop sleep for %d s besides what it does.", w.advised()), ""
			}
			if q := hook.Quits; q != nil { // which comes too late to sleep after
				b.fix = fmt.Sprintf("Let preStop sleep for %d s before it tells a program to stop (%s).", w.advised(), q.Command)
			}
			w.onlyPutsOff(c, &b)
			w.goesOn(c, &b)
			report(b)
		}
	},
}, {
	id:    "prestop-fails",
	cause: report.ListenerClosedEarly,
	doc:   "preStop's command cannot do what it is there for (a shell without -c, a sleep without a number, or of $(NAME), which no hook gets (pkg/kubelet/lifecycle/handlers.go), words that no shell takes apart, or reads; seen with dash, bash and busybox), or is not in an image that is known to hold no shell, as Google's distroless, or is a request to a port by a name that the container does not declare, or asks localhost, which is the node's and not the pod's (pkg/kubelet/lifecycle/handlers.go, runHTTPHandler), or is a tcpSocket, which the kubelet does not run (core/v1 LifecycleHandler): the hook fails and SIGTERM comes at once.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			hook := judge(w, c)
			if hook.Fails == "" || w.grace() == 0 {
				continue
			}
			seconds := max(w.advised(), meantSleep(w, c))
			b := breach{
				severity: w.lessBeside(c, Warning), container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why: fmt.Sprintf("preStop fails at once: %s. SIGTERM comes without a wait, while %s.", hook.Fails, w.stillSend()),
				fix: fmt.Sprintf("Let preStop sleep for %d s by its own sleep action.", seconds),
			}
			switch stop := thenStop(c); {
			case preStop(c).Exec != nil && len(preStop(c).Exec.Command) > 0 && w.context(c).Refused(preStop(c).Exec.Command[0]) != "":
				b.fix = makeExecutable
			case w.nodesOwn(hookHost(c)) != "" && wantsPost(preStop(c)) == "":
				b.fix = "Leave host out: the kubelet then asks the pod."
			case stop == "":
				b.patch = w.sleepingPatch(c, seconds)
			case withoutShell(c):
				server, _ := manifest.Server(c.Container)
				b.fix = fmt.Sprintf("Let preStop sleep for %d s by its own sleep action, which needs nothing of the image, and see that the stop signal is %s.", seconds, goodStops[server])
				b.patch = w.sleepingPatch(c, seconds)
			default:
				b.fix = fmt.Sprintf("Give a script to a shell as one word after -c, and let it sleep for %d s%s.", seconds, stop)
			}
			if len(w.serving()) == 0 {
				b.severity = Note
			}
			report(b)
		}
	},
}, {
	id:    "prestop-get",
	cause: report.ListenerClosedEarly,
	doc:   "A httpGet hook is a GET, and the kubelet ignores the answer's status; the path is known to want POST: Spring Boot's /actuator/shutdown, Envoy's admin interface (all mutations must be POST), Prometheus' /-/quit, Dapr's and Linkerd's /shutdown.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			// One that the pod never gets is another rule's.
			if get := wantsPost(preStop(c)); get != "" && w.grace() > 0 && judge(w, c).Fails == "" {
				report(breach{
					severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop.httpGet", recipe: recipe(c),
					why: fmt.Sprintf("preStop asks for %s by GET; as far as that path is known it takes POST alone: the request then does nothing, the kubelet does not mind the answer, and SIGTERM comes at once.", get),
					fix: fmt.Sprintf("Let preStop sleep for %d s, and the program end in good order at SIGTERM; or send the POST from a command, and sleep.", w.advised()),
				})
			}
		}
	},
}, {
	id:    "prestop-eats-grace",
	cause: report.PrestopEatsGrace,
	doc:   "The grace period counts from before preStop; what preStop leaves of it is all that the program has after SIGTERM, at least 2 s.",
	find: func(w *workload, report func(breach)) {
		for _, c := range append(w.containers(), w.sidecars()...) {
			if b := eatsGrace(w, c); b.why != "" {
				report(b)
			}
		}
	},
}, {
	id:    "grace-zero",
	cause: report.GraceTooShort,
	doc:   "With a grace period of 0 there is neither preStop nor SIGTERM (kuberuntime_container.go killContainer); a negative one becomes 1 s (core/v1 defaults.go).",
	find: func(w *workload, report func(breach)) {
		b := breach{
			severity: Error, field: "spec.template.spec.terminationGracePeriodSeconds",
			why:   "The grace period is 0 s: preStop is not run, and what is in flight is cut.",
			fix:   fmt.Sprintf("Set terminationGracePeriodSeconds to %d or to what the longest request needs.", defaultGrace),
			patch: patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": defaultGrace}),
		}
		switch given := orDefault(w.template.Spec.TerminationGracePeriodSeconds, defaultGrace); {
		case given < 0:
			b.severity = Warning
			b.why = fmt.Sprintf("The grace period is %d s, for which the API server gives the pods 1 s: hardly any preStop or request fits in it.", given)
		case given > 0:
			return
		}
		if w.traffic <= unlikely {
			b.fix, b.patch = b.fix+maybeMeant, ""
		}
		report(b)
	},
}, {
	id:    "grace-short",
	cause: report.GraceTooShort,
	doc:   "A grace period of 1 s, of which the kubelet makes 2 s (kuberuntime_container.go, minimumGracePeriodInSeconds).",
	find: func(w *workload, report func(breach)) {
		hooked := slices.ContainsFunc(w.containers(), func(c container) bool { return preStop(c) != nil })
		if g := w.grace(); g > 0 && g < leastDrain && !hooked {
			b := breach{
				severity: Note, field: "spec.template.spec.terminationGracePeriodSeconds",
				why:   fmt.Sprintf("The grace period is %d s: the program is killed %d s after SIGTERM, and a request that takes longer is cut.", g, leastDrain),
				fix:   fmt.Sprintf("Set terminationGracePeriodSeconds to %d or to what the longest request needs.", defaultGrace),
				patch: patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": defaultGrace}),
			}
			if w.traffic <= unlikely {
				b.fix, b.patch = b.fix+maybeMeant, ""
			}
			report(b)
		}
	},
}, {
	id:    "prestop-length-unknown",
	cause: report.PrestopEatsGrace,
	doc:   "preStop runs a command or a request whose length no manifest tells.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			hook, own := judge(w, c), preStop(c)
			eaten := hook.Least.Seconds() >= float64(w.grace()) // that is another rule's
			if own == nil || hook.Exact || eaten || hook.Fails != "" || own.Exec == nil && own.HTTPGet == nil || own.Exec != nil && len(own.Exec.Command) == 0 || wantsPost(own) != "" {
				continue
			}
			what := "a command"
			if own.HTTPGet != nil {
				what = "an HTTP request"
			}
			b := breach{
				severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why: fmt.Sprintf("preStop is %s of unknown length: below %d s new requests still come in afterwards, and what it takes is missing from the grace period of %d s.", what, proxyLag, w.grace()),
				fix: fmt.Sprintf("See that it takes at least %d s and leaves enough of the grace, or sleep instead.", proxyLag),
			}
			if w.byNode() || !slices.Contains(w.serving(), c) || w.traffic <= unlikely || closed(c, hook.Quits) {
				b.why = fmt.Sprintf("preStop is %s of unknown length, which is missing from the grace period of %d s.", what, w.grace())
				b.fix = "See that it leaves enough of the grace."
			}
			if stop := thenStop(c); stop != "" && !closed(c, hook.Quits) {
				b.fix = fmt.Sprintf("Let it sleep for %d s%s, all of it within the grace.", w.advised(), stop)
			}
			if hook.Least >= proxyLagTime {
				b.why = fmt.Sprintf("preStop takes at least %g s, and more for a time that no manifest tells: it is missing from the grace period of %d s.", hook.Least.Seconds(), w.grace())
				b.fix = "See that the longest request is answered within what is left of the grace."
			}
			report(b)
		}
	},
}, {
	id:    "prestop-needs-binary",
	cause: report.ListenerClosedEarly,
	doc:   "A preStop command runs inside the image; where the image has no such program the hook fails and SIGTERM comes at once. One that starts the container too is there, and so is the sh of Docker Hub's own images.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			hook, own := judge(w, c), preStop(c)
			if own == nil || own.Exec == nil || len(own.Exec.Command) == 0 || hook.Fails != "" || w.holds(c, own.Exec.Command[0]) {
				continue
			}
			b := breach{
				severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop.exec",
				why: fmt.Sprintf("preStop runs %s, which the image must hold: in one without it the hook fails and SIGTERM comes at once.", own.Exec.Command[0]),
				fix: "See that the image holds it.",
			}
			program := own.Exec.Command[0]
			by, volume := w.context(c).Interpreter(program), mounted(c, program)
			switch {
			case script.IsShell(program):
				b.fix = "See that the image holds it, and what its script calls."
			case by != "":
				b.why = fmt.Sprintf("preStop runs a script of a ConfigMap, and the image must hold its %s: in one without it the hook fails and SIGTERM comes at once.", by)
				b.fix = "See that the image holds it, and what the script calls."
			case volume != "":
				b.why = fmt.Sprintf("preStop runs %s, which the volume %s must hold as a file that may be run: else the hook fails and SIGTERM comes at once.", program, volume)
				b.fix = "See that it does, and that the image holds what the file needs to run."
			}
			if hook.OnlySleeps || sleepsAlone(own.Exec.Command) {
				b.fix = "Use preStop's own sleep where the command only waits; it needs nothing of the image (Kubernetes 1.30 and later)."
			}
			if seconds := hook.Least.Seconds(); hook.OnlySleeps && seconds >= 1 && hook.Least != script.Forever {
				b.patch = sleepPatch(w, c, int(math.Ceil(seconds)))
			}
			report(b)
		}
	},
}}

// sleepAlone is a script that does nothing but sleep, for however long.
var sleepAlone = regexp.MustCompile(`^\s*(?:exec\s+)?(?:/\S*/)?sleep\s+[^\s;&|]+\s*;?\s*$`)

// sleepsAlone tells of a command that only sleeps, even where its time is not known.
func sleepsAlone(command []string) bool {
	return path.Base(command[0]) == "sleep" && len(command) == 2 || script.IsShell(command[0]) && sleepAlone.MatchString(command[len(command)-1])
}

// isPilot tells of a container that Istio's own agent starts, as a gateway has it: it alone, by its
// words and its image's name.
func isPilot(c container) bool {
	image := imageName(c)
	return len(c.Command) == 0 && len(c.Args) > 0 && c.Args[0] == "proxy" && (image == "proxyv2" || image == "auto")
}

// injectsGateway tells of a container that Istio's webhook fills in as a gateway's, with its
// readiness probe (istio/istio manifests/charts/istio-control/istio-discovery/files/gateway-injection-template.yaml).
func (w *workload) injectsGateway(c container) bool {
	templates := strings.Split(w.template.Annotations["inject.istio.io/templates"], ",")
	return c.Name == "istio-proxy" && (imageName(c) == "auto" || slices.Contains(templates, "gateway"))
}

// closed tells of a hook's step that closes the server's port before the proxies have stopped sending:
// what the hook then does comes too late for what they send, and another rule tells of it.
func closed(c container, q *script.Quit) bool {
	server, _ := manifest.Server(c.Container)
	return q != nil && q.After < proxyLagTime && manifest.Closes(q, server)
}

// postOnly are the ends of paths that are known to take POST alone. Where cloud-sql-proxy
// answers at /quitquitquit it takes GET too.
var postOnly = []string{
	"/actuator/shutdown", "/drain_listeners", "/healthcheck/fail", "/quitquitquit", "/-/quit", "/-/reload", "/v1.0/shutdown", "/v1.0/healthz/shutdown",
}

// wantsPost gives the path of a request that is known to need POST; empty for others.
func wantsPost(hook *corev1.LifecycleHandler) string {
	if hook == nil || hook.HTTPGet == nil {
		return ""
	}
	at, _, _ := strings.Cut("/"+strings.TrimLeft(hook.HTTPGet.Path, "/"), "?")
	at = strings.TrimSuffix(at, "/")
	linkerd := at == "/shutdown" && hook.HTTPGet.Port.IntValue() == 4191
	if linkerd || slices.ContainsFunc(postOnly, func(end string) bool { return strings.HasSuffix(at, end) }) {
		return at
	}
	return ""
}

// eatsGrace tells what a hook leaves of the grace; nothing where that is enough, or not
// known.
func eatsGrace(w *workload, c container) breach {
	hook, grace := judge(w, c), float64(w.grace())
	if preStop(c) == nil || hook.Fails != "" || grace == 0 {
		return breach{}
	}
	took := hook.Least.Seconds()
	sleeps := fmt.Sprintf("preStop sleeps %g s", took)
	switch {
	case hook.Least == script.Forever:
		sleeps = "preStop never ends by itself"
	case !hook.OnlySleeps:
		sleeps = fmt.Sprintf("preStop sleeps at least %g s", took)
	}
	never := ""
	if q := hook.Quits; q != nil && q.After.Seconds() >= grace {
		never = fmt.Sprintf(", so that it never comes to %s", q.Command)
	} else if q != nil && q.Certain {
		// From there on the server answers what is in flight, and takes the hook along when
		// it ends.
		took = q.After.Seconds()
		sleeps = fmt.Sprintf("preStop sleeps %g s before it tells the server to stop", took)
	}
	left := grace - took
	maybe := hook.Quits != nil && hook.Quits.Maybe // it may end with the server
	if took == 0 || c.native() && (preStop(c).Sleep == nil || took <= grace) {
		return breach{} // a native sidecar's hook runs beside the others', and takes no time from them
	}
	b := breach{container: c.Name, field: c.field + ".lifecycle.preStop"}
	killed := fmt.Sprintf("the kubelet waits no longer than that, and the program is killed %d s after SIGTERM.", leastDrain)
	switch {
	case took == script.Forever.Seconds():
		b.severity = w.lessBeside(c, Error)
		b.why = fmt.Sprintf("%s, and the grace period is %g s: ", sleeps, grace) + killed
	case took > grace:
		b.severity = w.lessBeside(c, Error)
		b.why = fmt.Sprintf("%s, longer than the grace period of %g s%s: ", sleeps, grace, never) + killed
	case took == grace && (never != "" || !hook.Exact && hook.First.Seconds() >= grace):
		b.severity = w.lessBeside(c, Error)
		b.why = fmt.Sprintf("%s, all of the grace period of %g s, before it does the rest%s: ", sleeps, grace, never) + killed
	case left == 0:
		// With short requests a pod is idle by the time of SIGTERM, and loses nothing.
		b.severity = w.lessBeside(c, Warning)
		b.why = fmt.Sprintf("preStop sleeps for all of the grace period of %g s: nothing is left, and the program is killed %d s after SIGTERM.", grace, leastDrain)
	case left < leastDrain:
		b.severity = w.lessBeside(c, Warning)
		b.why = fmt.Sprintf("%s of a grace period of %g s and leaves %g s to answer what is in flight.", sleeps, grace, left)
	case left < usualDrain:
		b.severity = Note
		b.why = fmt.Sprintf("%s of a grace period of %g s and leaves %g s to answer what is in flight: enough for short requests, and for none that takes longer.", sleeps, grace, left)
	default:
		return breach{}
	}
	if maybe {
		b.severity = Note
	}
	if took == script.Forever.Seconds() {
		b.fix = "Let the hook end after a time that leaves enough of the grace."
		return b
	}
	needed := int(math.Ceil(took)) + defaultGrace
	b.fix = fmt.Sprintf("Set terminationGracePeriodSeconds to %d, preStop and the usual %d s after it, or sleep less.", needed, defaultGrace)
	b.patch = patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": needed})
	return b
}

// goodStops are the signals with which servers answer what is in flight before they end,
// where SIGTERM is their fast stop (nginx.org/en/docs/control.html,
// httpd.apache.org/docs/2.4/stopping.html, HAProxy's management guide). Their own images
// have them as STOPSIGNAL.
var goodStops = map[string]string{"nginx": "SIGQUIT", "apache": "SIGWINCH", "haproxy": "SIGUSR1"}

// recipe leads to the settings of the container's server, or of all.
func recipe(c container) *report.Recipe {
	server, by := manifest.Server(c.Container)
	if server == "" {
		return &report.Recipe{URL: report.RecipesURL}
	}
	return &report.Recipe{Server: server, RecognisedBy: string(by), URL: report.RecipesURL + "#" + server}
}

// longestMeant is more than any grace period is for: a hook that sleeps for longer is a
// mistake of another kind.
const longestMeant = time.Hour

// maybeMeant restrains the advice of a longer grace where no request is known to come.
const maybeMeant = " It may be meant, so that a node's agent is replaced without a gap."

// onlyPutsOff makes a note of a breach by which a longer sleep is advised to an only pod that is
// gone before the next one starts.
func (w *workload) onlyPutsOff(c container, b *breach) {
	if !w.replacedAfterwards() {
		return
	}
	b.severity = Note
	only := "The only pod of a StatefulSet"
	if w.statefulSet == nil {
		only = fmt.Sprintf("With the strategy Recreate the only pod, which holds the claim %s,", w.claim.name)
	}
	b.why += " " + only + " is replaced once it has gone: a sleep only puts off the gap."
	b.fix = fmt.Sprintf("Once it has 2 pods or more, let preStop sleep for %d s%s.", w.advised(), thenStop(c))
	b.patch = ""
}
