package lint

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var commandRules = []rule{{
	id:    "shell-pid-1",
	cause: report.SigtermIgnored,
	doc:   "A shell stays the container's first process: it ignores SIGTERM there and passes it on to nobody (pid_namespaces(7)), and runs a trap only once the program in its foreground has ended (POSIX, trap); npm and its kin start their program through one. So does another program that passes no signal on: tail or sleep before a server in the background, flock, unshare --fork, time; apachectl may be one by its version. Where preStop ends the program it is none of this. What the image starts by itself is not known here and not judged; a shell in the arguments alone is a note where the image is not known, as only one that starts its arguments runs it.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.starts() {
			hook := judge(w, s.container).Quits
			if hook != nil && hook.After.Seconds() >= float64(w.grace()) {
				hook = nil
			}
			if hook != nil && (!hook.Maybe || s.Daemon && hook.Server != "") {
				continue // its hook ends the program, and the shell ends with it
			}
			if !s.cuts() {
				if b := s.restrained(s.ignores(w.grace())); b.why != "" {
					if hook != nil {
						b.severity = Note
						b.why = fmt.Sprintf("Unless preStop ends the program (%s), the following holds. ", hook.Command) + b.why
					}
					b.severity = w.lessBeside(s.container, b.severity)
					report(b)
				}
			}
		}
	},
}, {
	id:    "shell-cuts-short",
	cause: report.NoDrain,
	doc:   "A shell ends at SIGTERM before its program has, and what still runs is killed with it: the child of an init, which ends with it, whether it signals that child alone (tini) or all (tini -g, dumb-init), or one whose trap does not wait, or signals another shell; so is a proxy in the background of a script that has become the program behind it (nginx & exec gunicorn); su and runuser kill it 2 s after SIGTERM (util-linux login-utils/su-common.c; seen with tini 0.19, dumb-init 1.2.5, dash, bash and busybox).",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.starts() {
			if s.cuts() {
				b := s.restrained(s.cutsShort())
				b.severity = w.lessBeside(s.container, b.severity)
				report(b)
			}
		}
		for _, c := range w.containers() {
			if b := w.leavesFront(c); b.why != "" {
				report(b)
			}
		}
	},
}, {
	id:    "command-fails",
	cause: report.NoCapacity,
	doc:   "A container's command cannot be run (as of a hook), or is not in an image that is known to hold no shell: the container never starts.",
	find: func(w *workload, report func(breach)) {
		if manifest.Windows(&w.template.Spec) {
			return
		}
		for _, c := range slices.Concat(w.containers(), w.sidecars()) {
			words := manifest.Words(c.Container)
			if len(words) == 0 {
				continue
			}
			context := w.context(c)
			s := start{Start: w.first(c), container: c}
			why := cmp.Or(manifest.Absent(c.Container, words), s.Fails)
			if why == "" {
				continue
			}
			b := s.breach(Warning, fmt.Sprintf("The container never starts: %s. So no pod becomes Ready, and a rollout stands still.", why),
				"Give the command as a list of words, of a program that the image holds; a script as one word after sh -c.")
			if context.Refused(words[0]) != "" {
				b.fix = makeExecutable
			}
			if context.Sh == "" {
				if context.Sh = script.Bash; why == s.Fails && script.First(words, context).Fails == "" {
					b.severity = Note
					b.why += " (That is so with the sh of Debian and Ubuntu.)"
				}
			}
			report(b)
		}
	},
}}

// start is how one of a workload's containers starts.
type start struct {
	script.Start
	container container
	shared    bool
	// elsewhere tells that the shell may be another than the one that is judged, by which it
	// would be another matter.
	elsewhere bool
	// presumed tells that the image's entrypoint, which is not known, is taken to start what it
	// is given.
	presumed bool
}

// first is how a container starts, as far as its words are known.
func (w *workload) first(c container) script.Start {
	s, known := w.firsts[c.Container]
	if words := manifest.Words(c.Container); !known && len(words) > 0 {
		s = script.First(words, w.context(c))
		w.firsts[c.Container] = s
	}
	return s
}

// starts are those of the containers whose commands a shell or a launcher runs.
func (w *workload) starts() []start {
	pod := &w.template.Spec
	if manifest.Windows(pod) {
		return nil
	}
	var all []start
	for _, c := range w.containers() {
		context, words := w.context(c), manifest.Words(c.Container)
		s := start{Start: w.first(c), container: c, shared: context.SharedPIDs}
		if len(words) == 0 {
			if words = manifest.ShellArgs(c.Container); len(words) == 0 {
				continue
			}
			s.Start, s.presumed = script.First(words, context), true
		}
		if s.presumed && s.doubtful() {
			continue
		}
		if s.Fails != "" || s.Shell == "" && s.Outcome != script.Launched || s.Outcome == script.Reaches && !s.interrupts() {
			continue
		}
		if context.Sh == "" && (s.Shell == "sh" || s.Shell == "su") {
			context.Sh = script.Busybox
			s.elsewhere = script.First(words, context).Outcome != s.Outcome
		}
		if s.signalled() {
			continue
		}
		all = append(all, s)
	}
	return all
}

// programs are the containers that start a program whose words are known and that the signals
// of the container's first process reach, through an init too.
func (w *workload) programs() []start {
	if manifest.Windows(&w.template.Spec) {
		return nil
	}
	var all []start
	for _, c := range w.containers() {
		if s := (start{Start: w.first(c), container: c}); s.Outcome == script.Reaches && len(s.Words) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// getsSigterm tells that nothing in the manifest ends a container in another way.
func (w *workload) getsSigterm(c container) bool {
	return judge(w, c).Quits == nil && (c.Lifecycle == nil || c.Lifecycle.StopSignal == nil)
}

// interrupts tells that the shell stops its program by a signal that it has it ignore, unless
// that is one of those that set a handler for it in any case. Node.js takes off what it finds
// ignored (src/node.cc, ResetSignalHandlers).
func (s *start) interrupts() bool {
	if s.Interrupt == "" {
		return false
	}
	server, _ := manifest.Server(&corev1.Container{Command: s.Words})
	return server == "jvm" || server != "node" && !slices.Contains(gracefulStops[server], s.Interrupt)
}

// doubtful tells that the script does not show by itself that its shell keeps SIGTERM from the
// program.
func (s *start) doubtful() bool {
	return s.Outcome == script.Unknown || s.Outcome == script.ReadsFile || s.Outcome == script.MayStay
}

// restrained is what is said of a start that is presumed.
func (s *start) restrained(b breach) breach {
	if s.presumed && b.why != "" {
		b.severity = Note
		b.why += " (An entrypoint of the image that starts these words may see to that; no manifest tells.)"
	}
	return b
}

// signalled tells that the init signals the program itself, by way of its group, and that
// the shell does not end before it: one with a trap, or that ignores the signal, waits on for
// its program. The init ends with the shell, whoever else still runs (measured with
// tini 0.19, dumb-init 1.2.5 and timeout 9.1 before dash, bash and busybox).
func (s *start) signalled() bool {
	if !s.Group {
		return false
	}
	switch s.Outcome {
	case script.Reaches, script.Unknown, script.Waits:
		return true
	case script.Stays, script.Branches, script.MayStay:
		return s.Traps
	default:
		return false
	}
}

func (s *start) launches() bool { return s.Outcome == script.Launched }

// cuts tells whether the shell's end takes the program along. Where it is not process 1, it
// dies of a SIGTERM that it does not trap; its init ends then, and in a pod that shares its
// processes, or the node's, the container runtime kills what is left of the container
// (containerd, cmd/containerd-shim-runc-v2/runc/util.go ShouldKillAllOnExit).
func (s *start) cuts() bool {
	switch s.Outcome {
	case script.Cuts, script.Hurries, script.Rushes:
		return true
	case script.Stays, script.Branches, script.MayStay:
		return (s.Init != "" || s.shared) && !s.Traps
	default:
		return false
	}
}

func (s *start) breach(severity Severity, why, fix string) breach {
	field := s.container.field + ".command"
	if len(s.container.Command) == 0 {
		field = s.container.field + ".args"
	}
	return breach{severity: severity, container: s.container.Name, field: field, why: why, fix: fix}
}

const execLast = "Start the program as the shell's last act with exec (exec PROGRAM ...), or without a shell."

// instead is the fix of one whose PID 1 passes nothing on.
func (s *start) instead() string {
	switch {
	case s.Daemon:
		return "Keep the server in the foreground and start it as the script's last act with exec (exec nginx -g 'daemon off;')."
	case s.Shell == "flock":
		return "Start the program through flock --no-fork, or without it."
	case s.Shell == "apachectl" || s.Shell == "apache2ctl":
		return "Start Apache itself: httpd -DFOREGROUND, and on Debian sh -c '. /etc/apache2/envvars && exec apache2 -DFOREGROUND'."
	case s.Shell == "unshare" || s.Shell == "time":
		return fmt.Sprintf("Start the program itself, without %s.", s.Shell)
	default:
		return execLast
	}
}

// beforeInit is what to do where an init signals the shell alone.
func (s *start) beforeInit() string {
	if s.Daemon {
		return s.instead()
	}
	return "Start the program as the shell's last act with exec (exec PROGRAM ...), or without a shell: the init then signals the program."
}

// ofThatShell restrains what is said where an image's sh is not known.
func (s *start) ofThatShell() string {
	if !s.elsewhere {
		return ""
	}
	return " (That is the sh of Debian and Ubuntu; with those of Alpine and Fedora it may get SIGTERM.)"
}

// ignores says how SIGTERM comes to nothing; empty where it does not.
func (s *start) ignores(grace int) breach {
	const killed = "never learns that it has to stop and is killed after %d s."
	switch {
	case s.interrupts():
		severity, unless := Note, "unless the program sets a handler of its own for it, it "
		if len(s.Words) > 0 && path.Base(s.Words[0]) == "java" {
			severity, unless = Warning, "a JVM leaves that as it is: it "
		}
		return s.breach(severity, fmt.Sprintf("The trap sends %s to %s, which %s starts in its background with that signal ignored; "+unless+killed, s.Interrupt, s.Program, s.Shell, grace),
			"Send it SIGTERM: kill $PID; wait $PID.")
	case s.launches() && s.Program == script.GoRun:
		return s.breach(Note, "go run ends at SIGTERM and does not pass it on to the program that it has built: the program gets SIGKILL at once, with what it is answering.",
			"Build the program into the image, and start what is built.")
	case s.launches() && s.Group:
		return s.breach(Note, fmt.Sprintf("%s sends SIGTERM to all that %s has started, and ends as soon as %s has: where that does not wait for the program, the program is cut short.", s.Init, s.Program, s.Program),
			fmt.Sprintf("Start the program itself, without %s: node server.js.", s.Program))
	case s.launches():
		return s.breach(Note, fmt.Sprintf("%s runs the program through a shell of its own: by its version, and by the image's sh, SIGTERM is lost on the way or cuts the program short.", s.Program),
			fmt.Sprintf("Start the program itself, without %s: node server.js.", s.Program))
	case s.Outcome == script.Stays && s.Misnamed:
		return s.breach(Warning, fmt.Sprintf("Dash does not know SIGTERM in trap and kill, and it is not passed on: %s "+killed, s.Program, grace)+s.ofThatShell(),
			"Write TERM for SIGTERM: every shell knows that.")
	case s.Outcome == script.Stays && s.Early != "":
		return s.breach(Warning, fmt.Sprintf("The trap stands in double quotes, so that %s expands %s as it sets the trap, when nothing has been started: the signal goes nowhere, and %s "+killed, s.Shell, s.Early, s.Program, grace),
			"Put the trap in single quotes: what is in it is then expanded when it runs.")
	case s.Outcome == script.Stays && s.Traps && (s.Init != "" || s.shared):
		return s.breach(Warning, fmt.Sprintf("%s takes SIGTERM and does not pass it on: %s "+killed, s.Shell, s.Program, grace)+s.ofThatShell(), s.instead())
	case s.Outcome == script.Stays:
		return s.breach(Warning, fmt.Sprintf("PID 1 is %s, which neither dies of SIGTERM nor passes it on: %s "+killed, s.Shell, s.Program, grace)+s.ofThatShell(), s.instead())
	case s.Outcome == script.Waits:
		return s.breach(Warning, fmt.Sprintf("%s traps SIGTERM, but runs its trap only once the program in its foreground has ended: %s "+killed, s.Shell, s.Program, grace),
			"Start the program with exec and without a trap, or in the background, and wait for it: PROGRAM & wait; the trap signals it and waits again.")
	case s.Outcome == script.Branches:
		return s.breach(Note, fmt.Sprintf("PID 1 becomes the program on some paths through the script; on others it stays %s, and %s "+killed, s.Shell, s.Program, grace), execLast)
	case s.Outcome == script.MayStay:
		return s.breach(Note, fmt.Sprintf("PID 1 is %s at first; not every version replaces itself by the script's last command, and one that stays passes no SIGTERM on to %s, which is then killed after %d s.", s.Shell, s.Program, grace), s.instead())
	case s.Outcome == script.ReadsFile && s.Group:
		return s.breach(Note, fmt.Sprintf("The container starts with a script file (%s), and a shell stays before its program unless that script ends in exec: that shell would die of the SIGTERM that %s sends to all, %s would end with it, and the program be killed with what it is answering.", s.Program, s.Init, s.Init),
			"See that the script ends in: exec PROGRAM.")
	case s.Outcome == script.ReadsFile:
		return s.breach(Note, fmt.Sprintf("The container starts with a script file (%s), and a shell stays before its program unless that script ends in exec: the program would then not get SIGTERM, and be killed with the shell or after %d s.", s.Program, grace),
			"See that the script ends in: exec PROGRAM.")
	case s.Traps:
		return s.breach(Note, fmt.Sprintf("The container starts through %s with a script of which the manifest does not tell all, and which traps SIGTERM: its program gets that only if the trap passes it on, and can drain only if the script waits for it then.", s.Shell),
			"See that the script signals its program and waits until that has ended.")
	default:
		return s.breach(Note, fmt.Sprintf("The container starts through %s with a script of which the manifest does not tell all: unless it ends in exec, its program does not get SIGTERM.", s.Shell),
			"See that the script ends in: exec PROGRAM.")
	}
}

// cutsShort says how the program is killed with its shell.
func (s *start) cutsShort() breach {
	const took = "the program gets SIGKILL at once, with what it is answering."
	switch s.Outcome {
	case script.Rushes:
		severity, other := Warning, ""
		if s.elsewhere {
			severity, other = Note, " (That is the su of Debian, Ubuntu and Fedora; that of Alpine becomes the program.)"
		}
		return s.breach(severity, fmt.Sprintf("%s passes SIGTERM on to %s and sends it SIGKILL 2 s later, whatever the grace: what takes longer is not answered.", s.Shell, s.Program)+other,
			"Start the program by exec gosu, su-exec or setpriv, or as the user that securityContext.runAsUser names.")
	case script.Hurries:
		severity := Warning
		if s.Partly {
			severity = Note
		}
		if s.Repeats {
			return s.breach(severity, fmt.Sprintf("The trap signals %s itself too, besides %s (kill 0, or pkill -f and pgrep -f of what is in its own command line): the trap runs again and again, the program gets SIGTERM each time, and what the second one cuts short is not answered.", s.Shell, s.Program),
				"Signal the program alone, by its number: kill $PID; wait $PID.")
		}
		return s.breach(severity, fmt.Sprintf("%s passes SIGTERM on to %s, but does not wait for it: it ends at once, and what the program has not answered by then is lost.", s.Shell, s.Program),
			"Wait for the program once more after the signal: wait $PID; wait $PID.")
	case script.Cuts:
		if s.Group {
			return s.breach(Warning, fmt.Sprintf("%s passes SIGTERM on to all; %s ends by its trap without waiting for %s, %s ends with it, and the program gets SIGKILL with what it is still answering.", s.Init, s.Shell, s.Program, s.Init),
				"Start the program with exec, or let the trap wait for the program.")
		}
		return s.breach(Warning, fmt.Sprintf("%s takes SIGTERM and ends without passing it on to %s: "+took, s.Shell, s.Program),
			"Start the program with exec, or let the trap pass the signal on (kill $PID) and wait for the program.")
	case script.Stays:
		if s.Init == "" {
			return s.breach(Warning, fmt.Sprintf("%s is not PID 1, as the pod shares its processes or has the node's: it dies of SIGTERM and does not pass it on to %s; "+took, s.Shell, s.Program)+s.ofThatShell(), s.instead())
		}
		if s.Group {
			return s.cutsGroup()
		}
		return s.breach(Warning, fmt.Sprintf("%s passes SIGTERM on to %s alone, which dies of it, and not to %s: "+took, s.Init, s.Shell, s.Program)+s.ofThatShell(),
			s.beforeInit())
	default:
		if s.Init == "" {
			return s.breach(Note, fmt.Sprintf("%s is not PID 1, as the pod shares its processes or has the node's; where it has not become %s, it dies of SIGTERM and does not pass it on, and "+took, s.Shell, s.Program), s.instead())
		}
		if s.Group {
			return s.cutsGroup()
		}
		return s.breach(Note, fmt.Sprintf("%s passes SIGTERM on to %s alone; where that has not become %s, "+took, s.Init, s.Shell, s.Program),
			s.instead())
	}
}

// cutsGroup says how the program is killed that has got the signal itself. A shell that is not
// known may be one that becomes the program.
func (s *start) cutsGroup() breach {
	if s.Outcome != script.Stays || s.elsewhere {
		return s.breach(Note, fmt.Sprintf("%s passes SIGTERM on to all; where %s has not become %s, it dies of it at once, %s ends with it, and the program gets SIGKILL with what it is still answering.", s.Init, s.Shell, s.Program, s.Init), s.instead())
	}
	return s.breach(Warning, fmt.Sprintf("%s passes SIGTERM on to %s and %s alike: %s dies of it at once, %s ends with it, and the program gets SIGKILL with what it is still answering.", s.Init, s.Shell, s.Program, s.Shell, s.Init), s.instead())
}

// proxies are servers that stand before others, which they ask.
var proxies = []string{"nginx", "apache", "haproxy", "caddy"}

// leavesFront tells of a proxy that a script leaves in the background as it becomes the program
// that the proxy asks. One that is behind the program is idle by the time that this ends.
func (w *workload) leavesFront(c container) breach {
	s := start{Start: w.first(c), container: c}
	if len(s.Left) == 0 || len(s.Words) == 0 || s.Group || manifest.Windows(&w.template.Spec) || judge(w, c).Quits != nil {
		return breach{}
	}
	server := func(words []string) string {
		name, _ := manifest.Server(&corev1.Container{Command: words})
		return name
	}
	front := server(s.Left)
	if !slices.Contains(proxies, front) || slices.Contains(proxies, server(s.Words)) {
		return breach{}
	}
	return s.breach(Note, fmt.Sprintf("%s gets SIGTERM alone, and not the %s that was started in the background before it: that goes on taking requests, finds nobody behind it once %s stops, and is killed as soon as that has ended.", s.Words[0], front, s.Words[0]),
		fmt.Sprintf("Run %s in a container of its own; or let preStop sleep and then end %s first, in good order.", front, front))
}

// lessBeside makes a note of what concerns a container beside those that requests reach:
// what it loses is not known to be a request.
func (w *workload) lessBeside(c container, s Severity) Severity {
	serving := w.serving()
	if len(serving) == 0 || meshProxies[c.Name] {
		return s
	}
	for _, other := range serving {
		if other.Name == c.Name {
			return s
		}
	}
	return Note
}
