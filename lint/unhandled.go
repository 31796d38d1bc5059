package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var sigtermUnhandled = rule{
	id:    "sigterm-unhandled",
	cause: report.SigtermIgnored,
	doc:   "The server sets up no handler for SIGTERM, and a container's first process gets no signal that it has none for (pid_namespaces(7)): python -m http.server, flask run without its reloader, waitress-serve and php -S (each seen to run on).",
	find: func(w *workload, report func(breach)) {
		if manifest.Windows(&w.template.Spec) {
			return
		}
		for _, c := range w.containers() {
			s := start{Start: w.first(c), container: c}
			program := withoutHandler(s.Words, c)
			if program == "" || s.Outcome != script.Reaches || s.Init != "" || w.context(c).SharedPIDs ||
				judge(w, c).Quits != nil || c.Lifecycle != nil && c.Lifecycle.StopSignal != nil {
				continue
			}
			report(s.breach(w.lessBeside(c, Warning),
				fmt.Sprintf("%s has no handler for SIGTERM, unless the app sets one: as the container's first process it runs on, where the image's STOPSIGNAL is no other signal, and is killed after %d s.", program, w.grace()),
				"Have a server run the app that answers what is in flight at SIGTERM and ends, as gunicorn, uvicorn and php-fpm do (php-fpm at SIGQUIT). An init before this one has it end at once, with what is in flight."))
		}
	},
}

// phpServer is PHP's command, with a version or without.
var phpServer = regexp.MustCompile(`^php[\d.]*$`)

// withoutHandler names the server that a command starts, where it is one that sets up no
// handler for SIGTERM.
func withoutHandler(words []string, c container) string {
	if len(words) == 0 {
		return ""
	}
	program, options := path.Base(words[0]), words[1:]
	if strings.HasPrefix(program, "python") {
		at := slices.IndexFunc(options, func(o string) bool { return o == "-m" || !strings.HasPrefix(o, "-") })
		if at < 0 || options[at] != "-m" || at+1 == len(options) {
			return ""
		}
		if program, options = options[at+1], options[at+2:]; program == "http.server" {
			return "python -m http.server"
		}
	}
	switch {
	case program == "waitress-serve" || program == "waitress":
		return "waitress"
	case program == "flask" && slices.Contains(options, "run") && !reloads(options, c):
		return "flask run without its reloader"
	case phpServer.MatchString(program) && servesPHP(options):
		return "php -S"
	default:
		return ""
	}
}

// servesPHP tells whether php is to serve, by an option of its own and not of a script's.
func servesPHP(options []string) bool {
	for i, o := range options {
		switch {
		case strings.HasPrefix(o, "-S"):
			return true
		case !strings.HasPrefix(o, "-") && (i == 0 || options[i-1] != "-d" && options[i-1] != "-t" && options[i-1] != "-c"):
			return false
		}
	}
	return false
}

// reloads tells whether flask run may have its reloader, which has a handler (werkzeug
// _reloader.py, run_with_reloader): by an option, or by a variable, of which some may not be
// known. FLASK_DEBUG is off by 0, false and no (flask helpers.py, get_debug_flag).
func reloads(options []string, c container) bool {
	if slices.Contains(options, "--debug") || slices.Contains(options, "--reload") || len(c.EnvFrom) > 0 {
		return true
	}
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return slices.Contains([]string{"FLASK_DEBUG", "FLASK_ENV", "FLASK_RUN_RELOAD"}, e.Name) &&
			(e.ValueFrom != nil || !slices.Contains([]string{"", "0", "false", "no", "production"}, strings.ToLower(e.Value)))
	})
}
