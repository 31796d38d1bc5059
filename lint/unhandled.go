package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var sigtermUnhandled = rule{
	id:    "sigterm-unhandled",
	cause: report.SigtermIgnored,
	doc:   "The server sets up no handler for SIGTERM, and a container's first process gets no signal that it has none for (pid_namespaces(7)): python -m http.server, flask run and Django's runserver without their reloaders, waitress-serve and php -S (each but runserver seen to run on).",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.programs() {
			program := withoutHandler(s.Words, s.container)
			if program == "" || s.Init != "" || w.context(s.container).SharedPIDs || !w.getsSigterm(s.container) {
				continue
			}
			report(s.breach(w.lessBeside(s.container, Warning),
				fmt.Sprintf("%s has no handler for SIGTERM, unless the app sets one: as the container's first process it runs on, where the image's STOPSIGNAL is no other signal, and is killed after %d s.", program, w.grace()),
				"Have a server run the app that answers what is in flight at SIGTERM and ends, as gunicorn, uvicorn and php-fpm do (php-fpm at SIGQUIT). An init before this one has it end at once, with what is in flight."))
		}
	},
}

var reloaderCuts = rule{
	id:    "reloader-cuts",
	cause: report.NoDrain,
	doc:   "The reloader of Django's runserver, or of flask run, is the container's first process; at SIGTERM it ends by an exception, and Python's subprocess kills the server that it waits for (django/utils/autoreload.py and werkzeug/_reloader.py, run_with_reloader; CPython's subprocess.py, run and call; seen with Flask 2.2).",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.programs() {
			program, options := ofPython(s.Words)
			django := runsDjango(program, options) && !slices.Contains(options, "--noreload")
			if !django && (program != "flask" || !slices.Contains(options, "run") || !reloads(options, s.container)) {
				continue
			}
			report(s.breach(w.lessBeside(s.container, Warning),
				"The reloader, which is for development, gets SIGTERM: it ends, and kills the server below it with what that is answering.",
				"Have a server for production run the app, such as gunicorn or uvicorn: it answers what is in flight at SIGTERM and ends."))
		}
	},
}

// phpServer is PHP's command, with a version or without.
var phpServer = regexp.MustCompile(`^php[\d.]*$`)

// withoutHandler names the server that a command starts, where it is one that sets up no
// handler for SIGTERM.
func withoutHandler(words []string, c container) string {
	program, options := ofPython(words)
	switch {
	case program == "http.server":
		return "python -m http.server"
	case program == "waitress-serve" || program == "waitress":
		return "waitress"
	case program == "flask" && slices.Contains(options, "run") && !mayReload(options, c):
		return "flask run without its reloader"
	case runsDjango(program, options) && slices.Contains(options, "--noreload"):
		return "Django's runserver without its reloader"
	case phpServer.MatchString(program) && servesPHP(options):
		return "php -S"
	default:
		return ""
	}
}

// ofPython gives the program that a command starts, and its options: of Python's the module or
// the script.
func ofPython(words []string) (program string, options []string) {
	if len(words) == 0 {
		return "", nil
	}
	program, options = path.Base(words[0]), words[1:]
	if !strings.HasPrefix(program, "python") {
		return program, options
	}
	at := slices.IndexFunc(options, func(o string) bool { return o == "-m" || !strings.HasPrefix(o, "-") })
	if at >= 0 && options[at] == "-m" {
		at++
	}
	if at < 0 || at == len(options) {
		return program, options
	}
	return path.Base(options[at]), options[at+1:]
}

// runsDjango tells of the server for development that comes with Django.
func runsDjango(program string, options []string) bool {
	return slices.Contains([]string{"manage.py", "django-admin", "django"}, program) && slices.Contains(options, "runserver")
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

// mayReload tells whether flask run may have its reloader: by an option, or by a variable, of
// which some may not be known, or mean it to some versions alone (FLASK_ENV to those before 2.3).
func mayReload(options []string, c container) bool {
	if slices.Contains(options, "--no-reload") {
		return false
	}
	return reloads(options, c) || len(c.EnvFrom) > 0 || slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return slices.Contains([]string{flaskDebug, flaskReload}, e.Name) && e.ValueFrom != nil ||
			e.Name == "FLASK_ENV" && !slices.Contains([]string{"", "production"}, strings.ToLower(e.Value))
	})
}

// reloads tells whether flask run certainly has its reloader: it has where it debugs, unless
// it is told otherwise. FLASK_DEBUG is off by 0, false and no (flask helpers.py, get_debug_flag).
func reloads(options []string, c container) bool {
	set := func(name string) (on, given bool) {
		for _, e := range c.Env {
			if e.Name == name {
				return e.ValueFrom == nil && !slices.Contains([]string{"", "0", "false", "no"}, strings.ToLower(e.Value)), true
			}
		}
		return false, false
	}
	reload, told := set(flaskReload)
	debug, _ := set(flaskDebug)
	switch {
	case slices.Contains(options, "--no-reload"):
		return false
	case slices.Contains(options, "--reload"), told && reload:
		return true
	default:
		return !told && (debug || slices.Contains(options, "--debug"))
	}
}

const (
	flaskDebug  = "FLASK_DEBUG"
	flaskReload = "FLASK_RUN_RELOAD"
)
