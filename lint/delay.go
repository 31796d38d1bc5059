package lint

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// delay is a setting by which a program goes on taking requests after SIGTERM for some time,
// before it closes its port.
type delay struct {
	setting string
	seconds float64
}

// delayOptions are options that set it: VictoriaMetrics', Traefik's and Skipper's (their manuals), and
// that of servers built on k8s.io/apiserver (pkg/server/options, ServerRunOptions). Of Traefik each
// entry point has its own.
var delayOptions = regexp.MustCompile(`(?i)^--?(?:http\.shutdownDelay|shutdown-delay-duration|wait-for-healthcheck-interval|entrypoints\.[^.=]+\.transport\.lifecycle\.requestacceptgracetimeout)$`)

// delayVariables are variables that set it: Traefik's, of each entry point too, and that of Quarkus,
// which heeds it where the program was built with quarkus.shutdown.delay-enabled (their references).
var delayVariables = regexp.MustCompile(`^(?:TRAEFIK_ENTRYPOINTS_\w+_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT|` + quarkusDelay + `)$`)

const quarkusDelay = "QUARKUS_SHUTDOWN_DELAY"

// ingressDelay is the option of ingress-nginx' controller, in seconds (its CLI arguments). Elsewhere an
// option of this name may be for how long what is in flight is waited for.
const ingressDelay = "--shutdown-grace-period"

// grafanaDelay is the option of Grafana's stores (grafana/mimir#3298; Loki has it too). Others mean other
// things by the name.
var (
	grafanaDelay  = regexp.MustCompile(`^--?shutdown-delay$`)
	grafanaStores = []string{"mimir", "loki"}
)

// gitLabDelay is what GitLab's Rails waits for, in seconds (charts/gitlab, webservice,
// shutdown.blackoutSeconds). Its Workhorse, which has the variable too, does not.
const gitLabDelay = "SHUTDOWN_BLACKOUT_SECONDS"

// ownDelay gives the shortest that a container's words and variables set.
func ownDelay(c container) (least delay, set bool) {
	take := func(setting, value string) {
		seconds, ok := durationOf(value)
		if ok && (!set || seconds < least.seconds) {
			least, set = delay{setting, seconds}, true
		}
	}
	words := slices.Concat(c.Command, c.Args)
	ingress := strings.Contains(c.Image, "ingress-nginx/") || slices.ContainsFunc(words, func(w string) bool { return path.Base(w) == "nginx-ingress-controller" })
	store := slices.Contains(grafanaStores, imageName(c)) || len(c.Command) > 0 && slices.Contains(grafanaStores, path.Base(c.Command[0]))
	for i, w := range words {
		option, value, joined := strings.Cut(w, "=")
		if !delayOptions.MatchString(option) && (option != ingressDelay || !ingress) && (!grafanaDelay.MatchString(option) || !store) {
			continue
		}
		if !joined && i+1 < len(words) {
			value = words[i+1]
		}
		take(option, value)
	}
	for i := range c.Env {
		// Traefik reads options or variables, never both (paerser cli/loader_flag.go).
		unread := strings.HasPrefix(c.Env[i].Name, "TRAEFIK_") && slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "-") })
		if delayVariables.MatchString(c.Env[i].Name) && !unread {
			take(c.Env[i].Name, c.Env[i].Value)
		}
	}
	if strings.Contains(path.Base(c.Image), "webservice") {
		for i := range c.Env {
			if _, err := strconv.Atoi(c.Env[i].Value); err == nil && c.Env[i].Name == gitLabDelay {
				take(gitLabDelay, c.Env[i].Value)
			}
		}
	}
	return least, set
}

// goesOn makes a note of a breach by which a program would turn requests away that it goes on to take
// for long enough, by a setting of its own.
func (w *workload) goesOn(c container, b *breach) {
	_, lag := w.slowest()
	d, set := ownDelay(c)
	if !set || d.seconds < float64(max(proxyLag, lag)) {
		return
	}
	b.severity = Note
	b.why += fmt.Sprintf(" By its setting %s this one is to go on taking requests for %g s.", d.setting, d.seconds)
	b.fix = "See that it does, and that the grace period holds that and the longest request."
	b.patch = ""
}

var delayOutlasts = rule{
	id:    "delay-outlasts-grace",
	cause: report.GraceTooShort,
	doc:   "A setting has the program go on taking requests after SIGTERM until the grace period is over, and begin to stop only then: Traefik's requestAcceptGraceTimeout, --shutdown-delay-duration, -shutdown-delay of Mimir and Loki, VictoriaMetrics' -http.shutdownDelay, Skipper's -wait-for-healthcheck-interval, --shutdown-grace-period of ingress-nginx, QUARKUS_SHUTDOWN_DELAY, SHUTDOWN_BLACKOUT_SECONDS of GitLab.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			hook, _ := hookSeconds(w, c)
			left := float64(w.grace()) - hook
			d, set := ownDelay(c)
			if q := judge(w, c).Quits; !set || left <= 0 || d.seconds < left || q != nil && q.MayWait {
				continue // or other rules tell of it; a hook that waits for the delay has it in its own time
			}
			severity := Warning
			if d.setting == quarkusDelay {
				severity = Note // only where the program was built with it
			}
			needed := int(math.Ceil(hook+d.seconds)) + defaultGrace
			report(breach{
				severity: severity, container: c.Name, field: c.field, recipe: recipe(c),
				why:   fmt.Sprintf("By its setting %s the program goes on taking requests for %g s after SIGTERM, and stops only then; of the grace period of %d s preStop leaves %g s: it is killed before, with what it is answering.", d.setting, d.seconds, w.grace(), left),
				fix:   fmt.Sprintf("Set terminationGracePeriodSeconds to %d: preStop, that delay and the usual %d s; or the setting to less.", needed, defaultGrace),
				patch: patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": needed}),
			})
		}
	},
}
