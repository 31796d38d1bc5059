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

var uwsgiReloads = rule{
	id:    "uwsgi-reloads",
	cause: report.SigtermIgnored,
	doc:   "uWSGI's master takes SIGTERM for a reload, which cuts what its workers are answering, and starts new ones, unless die-on-term, exit-on-reload or a hook of its own for signal 15 is set (uwsgi-docs.readthedocs.io, Managing the uWSGI server; core/master.c). Without a master, and as an emperor, it ends. What a file of settings says that no manifest holds is not known.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if b := w.reloads(c); b.why != "" {
				b.severity = w.lessBeside(c, b.severity)
				report(b)
			}
		}
	},
}

// reloads tells of a container's uWSGI that takes SIGTERM for a reload.
func (w *workload) reloads(c container) breach {
	s := start{Start: w.first(c), container: c}
	if len(s.Words) == 0 || !strings.HasPrefix(path.Base(s.Words[0]), "uwsgi") || s.Outcome != script.Reaches && s.Outcome != script.MayStay ||
		manifest.Windows(&w.template.Spec) || !w.getsSigterm(c) {
		return breach{}
	}
	u := uwsgiSettings(c, s.Words[1:], w.context(c))
	if u.ends || !u.master && !u.unknown {
		return breach{}
	}
	fix := "Start it with --hook-master-start \"unix_signal:15 gracefully_kill_them_all\", with which it answers what is in flight and ends; die-on-term ends it too, and cuts that."
	why := fmt.Sprintf("uWSGI's master takes SIGTERM for a reload, unless the image's STOPSIGNAL is another signal: it cuts what its workers are answering, starts new ones, and is killed after %d s.", w.grace())
	if u.unknown {
		why = fmt.Sprintf("uWSGI's master takes SIGTERM for a reload, unless its settings, which no manifest tells all of, say otherwise (die-on-term): it cuts what its workers are answering, starts new ones, and is killed after %d s.", w.grace())
		return s.breach(Note, why, "See that they have hook-master-start = unix_signal:15 gracefully_kill_them_all, with which it answers what is in flight and ends; die-on-term ends it too, and cuts that.")
	}
	return s.breach(Warning, why, fix)
}

// uwsgi is what is known of uWSGI's settings.
type uwsgi struct {
	// master tells that there is one, ends that it ends at SIGTERM, unknown that there are settings
	// that no manifest tells.
	master, ends, unknown bool
}

// uwsgiSettings reads options, variables (UWSGI_ and an option's name) and files that are known.
func uwsgiSettings(c container, options []string, context script.Context) uwsgi {
	u := uwsgi{unknown: len(c.EnvFrom) > 0}
	for i, o := range options {
		name, value, joined := strings.Cut(strings.TrimLeft(o, "-"), "=")
		if !joined && i+1 < len(options) {
			value = options[i+1]
		}
		switch {
		case !strings.HasPrefix(o, "-"):
			if slices.Contains(settingsFiles, strings.TrimPrefix(path.Ext(o), ".")) {
				u.readFile(o, c, context)
			}
		case strings.HasPrefix(o, "--"):
			u.set(name, value, c, context)
		default:
			u.master = u.master || strings.Contains(o, "M")
			u.unknown = u.unknown || slices.Contains([]string{"-x", "-y", "-j"}, o) // XML, YAML and JSON
		}
	}
	for _, e := range c.Env {
		if option, is := strings.CutPrefix(e.Name, "UWSGI_"); is {
			u.unknown = u.unknown || e.ValueFrom != nil
			u.set(strings.ReplaceAll(strings.ToLower(option), "_", "-"), e.Value, c, context)
		}
	}
	return u
}

// settingsFiles are the formats of uWSGI's files of settings, by the endings of their names and by
// the options that name one.
var settingsFiles = []string{"ini", "xml", "yaml", "yml", "json"}

// set takes note of one setting.
func (u *uwsgi) set(name, value string, c container, context script.Context) {
	off := value == "false" || value == "0" || value == "no"
	switch {
	case name == "master":
		u.master = u.master || !off
	case name == "die-on-term", name == "exit-on-reload":
		u.ends = u.ends || !off
	case name == "emperor":
		u.ends = true
	case strings.HasPrefix(name, "hook-"):
		u.ends = u.ends || strings.Contains(value, "unix_signal:15")
	case slices.Contains(settingsFiles, name):
		u.readFile(value, c, context)
	case name == "config", name == "include", name == "inherit", strings.HasPrefix(name, "ini-paste"), name == "sqlite3", name == "ldap", name == "lua":
		u.unknown = true
	}
}

// readFile reads an INI file that a ConfigMap brings. Another, or one that takes in more, is not known.
func (u *uwsgi) readFile(name string, c container, context script.Context) {
	if !path.IsAbs(name) {
		name = path.Join(c.WorkingDir, name)
	}
	file, known := context.Files[name]
	if !known || path.Ext(name) != ".ini" {
		u.unknown = true
		return
	}
	for line := range strings.Lines(file.Text) {
		line = strings.TrimSpace(line)
		key, value, is := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		switch {
		case line == "" || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "["):
		case !is || slices.Contains(settingsFiles, key) || strings.HasPrefix(key, "if-") || strings.HasPrefix(key, "for"):
			u.unknown = true
		default:
			u.set(key, strings.TrimSpace(value), c, script.Context{})
		}
	}
}
