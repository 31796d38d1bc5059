package lint

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// stopRules are about the signal that ends a server, by the spec or by its hook.
var stopRules = []rule{{
	id:    "stop-signal",
	cause: report.NoDrain,
	doc:   "lifecycle.stopSignal (KEP-4960) names one that no program can handle, or another than the server's own for a graceful stop (nginx.org/en/docs/control.html, httpd.apache.org/docs/2.4/stopping.html, HAProxy's management guide, php-fpm(8), docs.gunicorn.org/en/stable/signals.html, Java's signal handling), or one that Node.js takes for its debugger (nodejs.org/api/process.html); or it is set without spec.os.name, without which it cannot be (core/v1 Lifecycle.StopSignal).",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if c.Lifecycle == nil || c.Lifecycle.StopSignal == nil {
				continue
			}
			signal := string(*c.Lifecycle.StopSignal)
			b := breach{container: c.Name, field: c.field + ".lifecycle.stopSignal", recipe: recipe(c)}
			if w.template.Spec.OS == nil || w.template.Spec.OS.Name == "" {
				needsOS := b
				needsOS.severity = w.lessBeside(c, Warning)
				needsOS.why = "stopSignal can only be set for a pod with spec.os.name: the API server refuses it or, where it does not know the field, drops it."
				needsOS.fix = "Set the pod's os.name to linux."
				report(needsOS)
			}
			server, _ := manifest.Server(c.Container)
			graceful := gracefulStops[server]
			switch {
			case signal == "SIGKILL" || signal == "SIGSTOP":
				b.severity = Error
				b.why = fmt.Sprintf("stopSignal is %s, which no program can handle: what is in flight is cut.", signal)
				b.fix = "Take stopSignal out, or name a signal that the program handles."
				b.patch = stopSignalPatch(c, nil)
			case server == "node" && signal == "SIGUSR1":
				// nodejs.org/api/process.html, Signal events.
				b.severity = Note
				b.why = "stopSignal is SIGUSR1, at which Node.js starts its debugger and goes on, unless the program handles it itself: one that does not is killed when its grace is over."
				b.fix = "Take stopSignal out, or see that the program ends at SIGUSR1."
				b.patch = stopSignalPatch(c, nil)
			case len(graceful) == 0 || slices.Contains(graceful, signal) || manifest.Windows(&w.template.Spec):
				continue
			default:
				b.severity = Warning
				b.why = fmt.Sprintf("stopSignal is %s; %s answers what is in flight before it ends only at %s.", signal, server, strings.Join(graceful, " or "))
				b.fix = fmt.Sprintf("Set stopSignal to %s.", graceful[0])
				b.patch = stopSignalPatch(c, graceful[0])
				if stops(c) {
					b.fix = fmt.Sprintf("Take stopSignal out, as %s's own images name %s, or set it to that.", server, graceful[0])
				}
				if q := judge(w, c).Quits; q != nil && !fast(q, server) && q.Certain {
					// The hook has ended it by then.
					b.severity = Note
				}
			}
			b.severity = w.lessBeside(c, b.severity)
			report(b)
		}
	},
}, {
	id:    "prestop-quits-early",
	cause: report.ListenerClosedEarly,
	doc:   "preStop itself tells the server to stop before the proxies have stopped sending (nginx -s quit, kill, and the like): kube-proxy's minSyncPeriod of 1 s, measured up to 1.5 s.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.hooked() {
			hook := judge(w, c)
			q := hook.Quits
			server, _ := manifest.Server(c.Container)
			if q != nil && q.Maybe && hook.Exact && hook.Least < proxyLagTime {
				continue // it is too short, whatever it stops
			}
			if q == nil || q.After >= proxyLagTime || w.grace() == 0 || !manifest.Closes(q, server) {
				continue
			}
			b := breach{
				severity: w.lessWithoutProxies(Warning), container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why: fmt.Sprintf("preStop tells the server to stop (%s) %s: it closes its port while %s.", q.Command, after(q), w.stillSend()),
				fix: fmt.Sprintf("Let the hook sleep for %d s first, then quit, and wait until the server has gone, all of it within the grace.", w.advised()),
			}
			switch {
			case q.Maybe:
				b.severity = Note
				b.why = fmt.Sprintf("preStop tells a program to stop (%s) that may be the server: if it is, it closes its port while %s.", q.Command, w.stillSend())
				b.fix = fmt.Sprintf("If that is the server, let the hook sleep for %d s first.", w.advised())
			case !q.Certain || !q.Exact:
				b.severity = Note
				b.why = fmt.Sprintf("preStop tells the server to stop (%s), and whether %d s have gone by until then no manifest tells, while %s.", q.Command, proxyLag, w.stillSend())
			case goodStops[server] != "" && c.Lifecycle.StopSignal == nil && manifest.StopsGracefully(c.Container):
				b.fix = fmt.Sprintf("Let preStop sleep for %d s and do nothing else: the image's own stop signal, %s, then does what the hook does.", w.advised(), goodStops[server])
				b.patch = w.advisedPatch(c)
			}
			if q.MayWait {
				b.fix = fmt.Sprintf("Start ingress-nginx' controller with --shutdown-grace-period=%d: so many seconds it goes on taking requests after SIGTERM.", w.advised())
			}
			if q.Signal == "SIGTERM" && !q.MayWait {
				w.goesOn(c, &b)
			}
			report(b)
		}
	},
}, {
	id:    "prestop-quits-fast",
	cause: report.NoDrain,
	doc:   "preStop ends the server by its fast stop, which answers nothing that is in flight (nginx -s stop, httpd -k stop, SIGTERM for nginx, Apache and HAProxy, SIGKILL), or does not wait for a graceful one.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.hooked() {
			server, _ := manifest.Server(c.Container)
			q := judge(w, c).Quits
			if q == nil || q.After.Seconds() >= float64(w.grace()) {
				continue
			}
			if !fast(q, server) {
				if b := quitsWithoutWaiting(c, judge(w, c), cmp.Or(server, q.Server)); b.why != "" {
					report(b)
				}
				continue
			}
			b := breach{
				severity: Warning, container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why: fmt.Sprintf("preStop ends the server without letting it answer what is in flight (%s).", q.Command),
				fix: "Let the hook end it by its graceful stop, or only sleep, and leave the end to the stop signal.",
			}
			if graceful := gracefulStops[cmp.Or(q.Server, server)]; len(graceful) > 0 {
				b.fix = fmt.Sprintf("Let the hook send %s instead, and wait until the server has gone.", graceful[0])
			}
			if !q.Certain {
				b.severity = Note
			}
			if q.Maybe {
				b.why = fmt.Sprintf("preStop ends a program (%s) that may be the server: if it is, what is in flight is not answered.", q.Command)
			}
			report(b)
		}
	},
}}

var sigtermCuts = rule{
	id:    "sigterm-cuts",
	cause: report.NoDrain,
	doc:   "preStop sleeps and leaves the end to SIGTERM, the image's stop signal, which is the server's fast stop (nginx.org/en/docs/control.html, httpd.apache.org/docs/2.4/stopping.html): Docker Hub's nginx before 24 November 2020 (nginx/docker-nginx#457), bitnami/nginx and bitnami/apache. Other images are not known, or name the graceful one. Of unicorn, Starman and lighttpd, whose makers have no images, it is a note.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			hook := judge(w, c)
			server, _ := manifest.Server(c.Container)
			graceful := goodStops[server]
			if graceful == "" || !hook.OnlySleeps || hook.Quits != nil || hook.Fails != "" || c.Lifecycle.StopSignal != nil || !manifest.StopsFast(c.Container) {
				continue
			}
			report(breach{
				severity: w.lessBeside(c, Warning), container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				why: fmt.Sprintf("preStop only sleeps, and SIGTERM, the stop signal of this image, is %s's fast stop: what is in flight then is cut.", server),
				fix: fmt.Sprintf("Let preStop then send %s %s and wait until it has gone, within the grace; or take an image that names %s.", server, graceful, graceful),
			})
		}
		for _, s := range w.programs() {
			program := path.Base(s.Words[0])
			if graceful := cutAtSigterm[program]; graceful != "" && w.getsSigterm(s.container) {
				report(s.breach(Note,
					fmt.Sprintf("SIGTERM is %s's fast stop, unless the image's STOPSIGNAL is %s: what is in flight then is cut.", program, graceful),
					fmt.Sprintf("Have %s be the image's STOPSIGNAL; or let preStop sleep, then send it and wait until %s has gone, within the grace.", graceful, program)))
			}
		}
	},
}

// cutAtSigterm are programs that no image of their makers' starts, with the signals for their
// graceful stops, where SIGTERM is their fast one (unicorn's SIGNALS, lighttpd(8), Starman's manual).
var cutAtSigterm = map[string]string{"unicorn": "SIGQUIT", "unicorn_rails": "SIGQUIT", "starman": "SIGQUIT", "lighttpd": "SIGINT"}

// hooked are the containers whose hooks can take requests away: those that answer, and the
// native sidecars before them, whose hooks run at once too, though SIGTERM comes last to
// them (KEP-753).
func (w *workload) hooked() []container {
	all := w.serving()
	for _, c := range w.fronts() {
		all = withContainer(all, c)
	}
	return all
}

// quitsWithoutWaiting tells of a hook that begins a graceful stop and ends, so that the
// stop signal follows at once; nothing where that is a graceful one too.
func quitsWithoutWaiting(c container, hook script.Hook, server string) breach {
	graceful := goodStops[server]
	signalled := c.Lifecycle.StopSignal != nil && string(*c.Lifecycle.StopSignal) == graceful
	if graceful == "" || signalled || c.Lifecycle.StopSignal == nil && stops(c) || !hook.Exact || !hook.Quits.Certain || hook.Least-hook.Quits.After >= proxyLagTime {
		return breach{}
	}
	b := breach{
		severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
		why: fmt.Sprintf("preStop begins a graceful stop (%s) and does not wait for its end: the stop signal follows at once and, unless %s is the image's STOPSIGNAL, cuts it short.", hook.Quits.Command, graceful),
		fix: "Let the hook wait until the server has gone, within the grace.",
	}
	if manifest.StopsFast(c.Container) && c.Lifecycle.StopSignal == nil {
		b.severity = Warning
		b.why = fmt.Sprintf("preStop begins a graceful stop (%s) and does not wait for its end: SIGTERM, the stop signal of this image, follows at once and cuts it short.", hook.Quits.Command)
		b.fix = fmt.Sprintf("Let the hook wait until the server has gone, within the grace, or take an image that names %s.", graceful)
	}
	return b
}

// gracefulStops are the signals at which a server answers what is in flight before it
// ends, the usual one first.
var gracefulStops = map[string][]string{
	"nginx":    {"SIGQUIT"},
	"apache":   {"SIGWINCH"},
	"haproxy":  {"SIGUSR1"},
	"php-fpm":  {"SIGQUIT"},
	"gunicorn": {"SIGTERM"},
	"uvicorn":  {"SIGTERM", "SIGINT"},
	"puma":     {"SIGTERM", "SIGINT"},
	"caddy":    {"SIGTERM", "SIGINT"},
	"jvm":      {"SIGTERM", "SIGINT", "SIGHUP"},
}

// stops tells whether a server's own images name its graceful stop.
func stops(c container) bool {
	server, _ := manifest.Server(c.Container)
	return manifest.StopsGracefully(c.Container) && (goodStops[server] != "" || server == "php-fpm")
}

// fast tells whether a step ends the server with what is in flight. Of a server that is
// not known only SIGKILL is.
func fast(q *script.Quit, server string) bool {
	graceful := gracefulStops[server]
	switch {
	case q.Fast || q.Signal == "SIGKILL":
		return true
	case q.Server != "" || q.Signal == "" || len(graceful) == 0:
		return false
	default:
		return manifest.Closes(q, server) && !slices.Contains(graceful, q.Signal)
	}
}

func after(q *script.Quit) string {
	if q.After == 0 {
		return "at once"
	}
	return fmt.Sprintf("after %g s", q.After.Seconds())
}

// stopSignalPatch sets a container's stop signal; nil takes it out.
func stopSignalPatch(c container, signal any) string {
	spec := patch.Object{}
	patch.Main.Container(spec, c.Name, patch.Object{"lifecycle": patch.Object{"stopSignal": signal}})
	return patch.PodSpec(spec)
}
