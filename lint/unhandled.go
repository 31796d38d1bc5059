package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

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
			b := s.breach(w.lessBeside(c, Warning),
				fmt.Sprintf("%s has no handler for SIGTERM: as the container's first process it runs on, unless the image's STOPSIGNAL is another signal, and is killed after %d s.", program, w.grace()),
				"Have a server run the app that answers what is in flight at SIGTERM and ends, as gunicorn, uvicorn and php-fpm do (php-fpm at SIGQUIT). An init before this one has it end at once, with what is in flight.")
			report(b)
		}
	},
}

// withoutHandler names the server that a command starts, where it is one that sets up no
// handler for SIGTERM.
func withoutHandler(words []string, c container) string {
	if len(words) == 0 {
		return ""
	}
	program, options := path.Base(words[0]), words[1:]
	if strings.HasPrefix(program, "python") && len(options) > 1 && options[0] == "-m" {
		if program, options = options[1], options[2:]; program == "http.server" {
			return "python -m http.server"
		}
	}
	switch {
	case program == "waitress-serve" || program == "waitress":
		return "waitress"
	case program == "flask" && slices.Contains(options, "run") && !reloads(options, c):
		return "flask run"
	case strings.HasPrefix(program, "php") && slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, "-S") }):
		return "php -S"
	default:
		return ""
	}
}

// reloads tells whether flask run may have its reloader, which has a handler (werkzeug
// _reloader.py, run_with_reloader): by an option, or by a variable, of which some may not be
// known.
func reloads(options []string, c container) bool {
	if slices.Contains(options, "--debug") || slices.Contains(options, "--reload") || len(c.EnvFrom) > 0 {
		return true
	}
	for _, e := range c.Env {
		if (e.Name == "FLASK_DEBUG" || e.Name == "FLASK_ENV" || e.Name == "FLASK_RUN_RELOAD") && e.Value != "0" && e.Value != "production" {
			return true
		}
	}
	return false
}
