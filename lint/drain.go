package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var drainOutlasts = rule{
	id:    "drain-outlasts-grace",
	cause: report.GraceTooShort,
	doc:   "A setting lets the program answer what is in flight for longer than the grace period leaves it after preStop: uvicorn's --timeout-graceful-shutdown, --graceful-timeout of gunicorn and hypercorn, VictoriaMetrics' -http.maxGracefulShutdownDuration, Spring's spring.lifecycle.timeout-per-shutdown-phase, shutdownTimeoutSeconds of ASP.NET Core, quarkus.shutdown.timeout.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			hook, _ := hookSeconds(w, c)
			left := float64(w.grace()) - hook
			d, set := drainOf(c)
			if !set || left <= 0 || d.seconds <= left {
				continue // or other rules tell of it
			}
			report(breach{
				severity: Note, container: c.Name, field: c.field, recipe: recipe(c),
				why: fmt.Sprintf("By %s the program may take %g s after SIGTERM to answer what is in flight; of the grace period of %d s preStop leaves %g s, and then it is killed.", d.setting, d.seconds, w.grace(), left),
				fix: "Set terminationGracePeriodSeconds to more than preStop and that, or the setting to less.",
			})
		}
	},
}

// drainOptions are options by which a program is told for how long it may answer what is in flight, and
// drainVariables such variables (the programs' manuals).
var (
	drainOptions   = regexp.MustCompile(`^-?-(?:timeout-graceful-shutdown|graceful-timeout|http\.maxGracefulShutdownDuration|D?spring\.lifecycle\.timeout-per-shutdown-phase)$`)
	drainVariables = []string{springDrain, "ASPNETCORE_SHUTDOWNTIMEOUTSECONDS", "DOTNET_SHUTDOWNTIMEOUTSECONDS", "QUARKUS_SHUTDOWN_TIMEOUT"}
)

const springDrain = "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE"

// drainOf is the drain that a container's words or variables set.
func drainOf(c container) (d delay, set bool) {
	take := func(setting, value string) {
		seconds, ok := durationOf(value)
		if _, err := time.ParseDuration(value); err != nil && strings.Contains(strings.ToLower(setting), "spring") {
			ok = false // a bare number of Spring's is one of milliseconds
		}
		if ok {
			d, set = delay{setting, seconds}, true
		}
	}
	words := slices.Concat(c.Command, c.Args)
	for i, w := range words {
		option, value, joined := strings.Cut(w, "=")
		if !drainOptions.MatchString(option) {
			continue
		}
		if !joined && i+1 < len(words) {
			value = words[i+1]
		}
		take(option, value)
	}
	for i := range c.Env {
		if slices.Contains(drainVariables, c.Env[i].Name) {
			take(c.Env[i].Name, c.Env[i].Value)
		}
	}
	return d, set
}
