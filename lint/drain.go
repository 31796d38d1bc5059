package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var drainOutlasts = rule{
	id:    "drain-outlasts-grace",
	cause: report.GraceTooShort,
	doc:   "A setting lets the program answer what is in flight for longer than the grace period leaves it after preStop: uvicorn's --timeout-graceful-shutdown, --graceful-timeout of gunicorn and hypercorn, also by UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN and GUNICORN_CMD_ARGS, VictoriaMetrics' -http.maxGracefulShutdownDuration, --http-grace-period and --grpc-grace-period of Thanos, a gateway's terminationDrainDuration of Istio, Spring's spring.lifecycle.timeout-per-shutdown-phase, by a variable or the JVM's options too, shutdownTimeoutSeconds of ASP.NET Core, quarkus.shutdown.timeout.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			hook, _ := hookSeconds(w, c)
			left := float64(w.grace()) - hook
			d, set := drainOf(c, w.first(c).Words)
			if isPilot(c) || w.injectsGateway(c) {
				d.seconds, _ = w.istioDrains(c)
				d.setting, set = "terminationDrainDuration", d.seconds > 0
			}
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
	drainOptions   = regexp.MustCompile(`^-?-(?:timeout-graceful-shutdown|graceful-timeout|(?:http|grpc)-grace-period|http\.maxGracefulShutdownDuration|D?spring\.lifecycle\.timeout-per-shutdown-phase)$`)
	drainVariables = []string{"SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE", "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE", "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", "ASPNETCORE_SHUTDOWNTIMEOUTSECONDS", "DOTNET_SHUTDOWNTIMEOUTSECONDS", "QUARKUS_SHUTDOWN_TIMEOUT"}
)

// optionVariables are variables that hold options: gunicorn's (its settings, Configuration Overview)
// and the JVM's (java(1), JDK_JAVA_OPTIONS; JVM TI, JAVA_TOOL_OPTIONS).
var optionVariables = []string{"GUNICORN_CMD_ARGS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"}

// drainOf is the drain that a container's words or variables set. started are the words of the
// program behind a shell, where they are known. What stands on the command line goes before what
// variables hold (gunicorn.org, Configuration Overview; Spring Boot, Externalized Configuration).
func drainOf(c container, started []string) (d delay, set bool) {
	take := func(setting, value string) {
		seconds, ok := durationOf(value)
		if strings.Contains(strings.ToLower(setting), "spring") {
			seconds, ok = springDuration(value)
		}
		// Thanos has a time for each of its two servers.
		longer := set && strings.HasSuffix(setting, "-grace-period") && strings.HasSuffix(d.setting, "-grace-period") && d.seconds > seconds
		if ok && !longer {
			d, set = delay{setting, seconds}, true
		}
	}
	takeOptions := func(words []string) {
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
	}
	for _, e := range c.Env {
		if slices.Contains(drainVariables, e.Name) {
			take(e.Name, e.Value)
		}
	}
	for _, e := range c.Env {
		if slices.Contains(optionVariables, e.Name) {
			takeOptions(strings.Fields(e.Value))
		}
	}
	takeOptions(slices.Concat(c.Command, c.Args))
	takeOptions(started)
	return d, set
}

// springDuration reads a length as Spring does, for which a bare number is one of milliseconds
// (spring-boot, DurationStyle).
func springDuration(value string) (seconds float64, ok bool) {
	if ms, err := strconv.ParseUint(value, 10, 32); err == nil {
		return float64(ms) / 1000, true
	}
	return durationOf(strings.ToLower(value))
}
