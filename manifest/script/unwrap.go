package script

import (
	"path"
	"slices"
	"strings"
)

// starter runs another program in its own place, as exec does.
type starter struct {
	// valued are the options that take a word of their own.
	valued []string
	// operands are the words of its own before the program's.
	operands int
	// assigns tells that variables may stand before the program.
	assigns bool
}

// starters replace themselves by the program that they are given (their manuals; measured
// of coreutils 9.1, util-linux 2.38 and gosu 1.14). What is not here is taken for the
// program: what doppler, envconsul, vault-env, dotenv or sudo do with a signal hangs on
// their version and settings.
var starters = map[string]starter{
	"env":     {valued: []string{"-u", "-C", "--unset", "--chdir"}, assigns: true},
	"nohup":   {},
	"nice":    {valued: []string{"-n"}},
	"ionice":  {valued: []string{"-c", "-n"}},
	"stdbuf":  {valued: []string{"-i", "-o", "-e"}},
	"su-exec": {operands: 1},
	"gosu":    {operands: 1},
	"setpriv": {valued: []string{
		"--reuid", "--regid", "--ruid", "--euid", "--rgid", "--egid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set",
		"--securebits", "--pdeathsig", "--selinux-label", "--apparmor-profile", "--landlock-access", "--landlock-rule", "--seccomp-filter",
	}},
	"chrt":         {valued: []string{"-T", "-P", "-D", "--sched-runtime", "--sched-period", "--sched-deadline"}, operands: 1},
	"taskset":      {operands: 1},
	"prlimit":      {},
	"chroot":       {operands: 1},
	"chpst":        {valued: []string{"-u", "-U", "-b", "-e", "-/", "-C", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c", "-t"}},
	"softlimit":    {valued: []string{"-m", "-d", "-s", "-l", "-a", "-o", "-p", "-f", "-c", "-r", "-t"}},
	"setuidgid":    {operands: 1},
	"envdir":       {operands: 1},
	"s6-setuidgid": {operands: 1},
	"s6-envdir":    {operands: 1},
	// dd-trace-py ddtrace_run.py, opentelemetry-python-contrib auto_instrumentation: execl.
	"ddtrace-run": {},
	"opentelemetry-instrument": {valued: []string{
		"--traces_exporter", "--metrics_exporter", "--logs_exporter", "--service_name", "--exporter_otlp_endpoint",
	}},
	"s6-softlimit": {valued: []string{"-m", "-d", "-s", "-l", "-a", "-o", "-p", "-f", "-c", "-r", "-t"}},
}

// initProgram is one that runs a program as its child and hands signals on.
type initProgram struct {
	valued []string
	// group are the options with which the whole process group gets the signal.
	group []string
	// all tells that the group gets it without an option, except with one of single.
	all    bool
	single []string
	// other options change what the program gets.
	other []string
	// operands are the words of its own before the program's.
	operands int
}

// inits are those of the usual images (their manuals; measured: with the group as
// without it they end as soon as their child has, whoever else still runs).
var inits = map[string]initProgram{
	"tini":        {valued: []string{"-p", "-e"}, group: []string{"-g"}},
	"docker-init": {valued: []string{"-p", "-e"}, group: []string{"-g"}},
	"dumb-init":   {all: true, single: []string{"-c", "--single-child"}, other: []string{"-r", "--rewrite"}},
	"catatonit":   {group: []string{"-g"}},
	// GNU's; busybox' becomes the program.
	"timeout": {valued: []string{"-k", "-s", "--kill-after", "--signal"}, all: true, single: []string{"-f", "--foreground"}, operands: 1},
}

// launchers run a program of a package's scripts through a shell (npm run-script: sh -c).
// Nodemon runs it through one too.
var launchers = []string{"npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "nodemon"}

// GoRun is what starts a program that it has built, and ends at SIGTERM without telling it (golang/go#40467).
const GoRun = "go run"

// unwrapped is what is left of a command once all that only starts another has been taken
// off its front.
type unwrapped struct {
	words []string
	init  string
	group bool
	known bool
}

// unwrap takes off what is in front of the program that a command is about.
func unwrap(words []string, env map[string]string) unwrapped {
	u := unwrapped{words: words, known: true}
	for range maxDepth {
		if len(u.words) == 0 {
			u.known = false
			return u
		}
		name := unversioned(path.Base(u.words[0]))
		if strings.HasPrefix(name, "tini-") {
			name = "tini" // tini-static, tini-amd64
		}
		rest := u.words[1:]
		if in, is := inits[name]; is {
			u.init, u.group = name, in.all || name == "tini" && env["TINI_KILL_PROCESS_GROUP"] != ""
			for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
				option := rest[0]
				rest = rest[1:]
				if option == "--" {
					break
				}
				key, _, _ := strings.Cut(option, "=")
				switch {
				case slices.ContainsFunc(in.other, func(o string) bool { return key == o || len(o) == 2 && strings.HasPrefix(option, o) }):
					u.known = false
					return u
				case slices.Contains(in.single, option):
					u.group = false
				case slices.Contains(in.group, option), len(in.group) > 0 && clustered(option, "g"):
					u.group = true
				case slices.Contains(in.valued, option) && len(rest) > 0:
					rest = rest[1:]
				}
			}
			u.words = rest[min(in.operands, len(rest)):]
			continue
		}
		if s, is := starters[name]; is {
			next, known := s.program(rest)
			if !known {
				u.known = false
				return u
			}
			u.words = next
			continue
		}
		switch {
		case name == "busybox" && len(rest) > 0 && shells[rest[0]] == "" && rest[0] != "sh":
			u.words = rest
		case name == "bundle" && len(rest) > 1 && rest[0] == "exec",
			// poetry and pipenv replace themselves where the system has exec (their sources).
			(name == "poetry" || name == "pipenv") && len(rest) > 1 && rest[0] == "run":
			u.words = rest[1:]
		// newrelic/newrelic-python-agent newrelic/admin/run_program.py (os.execl).
		case name == "newrelic-admin" && len(rest) > 1 && rest[0] == "run-program":
			u.words = rest[1:]
		// It loads what it is told to run (nodejs/corepack sources/corepackUtils.ts, runVersion).
		case name == "corepack" && len(rest) > 1 && slices.Contains(launchers, unversioned(rest[0])):
			u.words = rest
		// segmentio/chamber cmd/exec_unix.go.
		case name == "chamber" && len(rest) > 0 && rest[0] == "exec" && slices.Contains(rest, "--"):
			u.words = rest[slices.Index(rest, "--")+1:]
		case becomesJava(u.words):
			u.words = []string{"java"}
		default:
			return u
		}
	}
	u.known = false
	return u
}

// becomesJava tells of a script that ends in exec of java: Tomcat's, where it does not put the
// server into the background (apache/tomcat bin/catalina.sh, eval exec "$_RUNJAVA").
func becomesJava(words []string) bool {
	if path.Base(words[0]) != "catalina.sh" {
		return false
	}
	words = words[1:]
	if len(words) > 0 && words[0] == "jpda" {
		words = words[1:]
	}
	return len(words) > 0 && words[0] == "run"
}

// clustered tells whether one of an option's letters is the one.
func clustered(option, letter string) bool {
	return !strings.HasPrefix(option, "--") && strings.Contains(option[1:], letter) && strings.Trim(option[1:], "gsvwh") == ""
}

// program gives the words after a starter's own.
func (s starter) program(rest []string) ([]string, bool) {
	for len(rest) > 0 {
		w := rest[0]
		name, _, isAssignment := strings.Cut(w, "=")
		switch {
		case w == "--":
			rest = rest[1:]
			return rest[min(s.operands, len(rest)):], len(rest) > s.operands
		case s.assigns && (w == "-S" || strings.HasPrefix(w, "-S") || strings.HasPrefix(w, "--split-string")):
			return nil, false
		case strings.HasPrefix(w, "-") && len(w) > 1:
			rest = rest[1:]
			if slices.Contains(s.valued, w) && len(rest) > 0 {
				rest = rest[1:]
			}
		case s.assigns && (w == "-" || isAssignment && !strings.ContainsAny(name, "/")):
			rest = rest[1:]
		default:
			return rest[min(s.operands, len(rest)):], len(rest) > s.operands
		}
	}
	return nil, false
}

// unversioned takes the version off a program's name, as in php-fpm8.2.
func unversioned(program string) string {
	return strings.TrimRight(program, "0123456789.")
}
