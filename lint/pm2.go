package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var pm2Kills = rule{
	id:    "pm2-kills",
	cause: report.NoDrain,
	doc:   "pm2-runtime sends its program SIGINT and, 1.6 s later, SIGKILL, whatever the grace period, unless PM2_KILL_TIMEOUT or kill_timeout in its settings file says otherwise (pm2.keymetrics.io, Graceful shutdown; pm2 lib/API/schema.json). What the file says no manifest tells.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.programs() {
			if !slices.Contains([]string{"pm2-runtime", "pm2-docker"}, path.Base(s.Words[0])) || waitsLonger(s.container) {
				continue
			}
			severity, unless := w.lessBeside(s.container, Warning), ""
			if slices.ContainsFunc(s.Words[1:], pm2Settings.MatchString) {
				severity, unless = Note, ", unless kill_timeout in its settings file says otherwise"
			}
			report(s.breach(severity, fmt.Sprintf("pm2-runtime kills its program 1.6 s after SIGTERM, whatever the grace period of %d s%s: what takes longer is not answered.", w.grace(), unless),
				"Set the variable PM2_KILL_TIMEOUT, in milliseconds, to nearly the grace period less preStop; or start the program itself."))
		}
	},
}

// pm2Settings are the names of pm2's settings files (pm2.keymetrics.io, Ecosystem File).
var pm2Settings = regexp.MustCompile(`\.(?:json|ya?ml|config\.[cm]?js)$`)

// pm2Waits is how long pm2 waits by itself, in milliseconds.
const pm2Waits = 1600

// waitsLonger tells whether pm2 is told to wait longer, or may be.
func waitsLonger(c container) bool {
	return len(c.EnvFrom) > 0 || slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		ms, err := strconv.Atoi(e.Value)
		return e.Name == "PM2_KILL_TIMEOUT" && (e.ValueFrom != nil || err == nil && ms > pm2Waits)
	})
}
