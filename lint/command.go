package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var commandRules = []rule{{
	id:    "shell-pid-1",
	cause: report.SigtermIgnored,
	doc:   "A shell stays the container's first process: it ignores SIGTERM there and passes it on to nobody (pid_namespaces(7)). What the image starts by itself is not known here and not judged.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if len(c.Command) == 0 {
				continue
			}
			call, isShell := parseShell(slices.Concat(c.Command, c.Args))
			if !isShell {
				continue
			}
			b := breach{container: c.Name, field: c.field + ".command"}
			if share := w.template.Spec.ShareProcessNamespace; share != nil && *share {
				b.severity = Note
				b.why = fmt.Sprintf("The container starts through %s and shareProcessNamespace is true: PID 1 is the pod's pause process, and what the shell does on SIGTERM cannot be told from the manifest.", call.shell)
				b.fix = "Start the program with exec, so that SIGTERM reaches it and not the shell."
				report(b)
				continue
			}
			if !call.inline {
				b.severity = Note
				b.why = fmt.Sprintf("The container starts through %s with a script file, and PID 1 stays the shell unless that script ends in exec: the program would then never get SIGTERM and be killed after %d s.", call.shell, w.grace())
				b.fix = "See that the script ends in: exec PROGRAM."
				report(b)
				continue
			}
			if b.severity, b.why = judgeScript(call, w.grace()); b.why != "" {
				b.fix = "Start the program as the shell's last act with exec (exec PROGRAM ...), or without a shell, or under an init such as tini."
				report(b)
			}
		}
	},
}}

// judgeScript tells what is wrong with a -c script; why is empty if nothing.
func judgeScript(call shellCall, grace int) (severity Severity, why string) {
	all := steps(call.script)
	if len(all) == 0 {
		return "", ""
	}
	if slices.ContainsFunc(all, func(s step) bool { c := s.command(); return len(c) > 0 && c[0] == "trap" }) {
		return "", "" // it handles signals by itself
	}
	last := all[len(all)-1]
	piped := len(all) > 1 && all[len(all)-2].end == "|"
	compound := slices.Contains(closers, last.words[0])
	switch {
	case compound && slices.ContainsFunc(all, step.execs), last.execs() && !piped && last.end != "&":
		return "", ""
	case compound, piped, last.end == "&", !slices.Contains(selfReplacing, call.shell):
		return Warning, fmt.Sprintf("PID 1 is %s, which neither dies of SIGTERM nor passes it on: %s never learns that it has to stop and is killed after %d s.", call.shell, program(all), grace)
	default:
		return Note, fmt.Sprintf("PID 1 is %s at first; not every version replaces itself by the script's last command, and one that stays passes no SIGTERM on to %s, which is then killed after %d s.", call.shell, program(all), grace)
	}
}

// program names what a script runs last.
func program(all []step) string {
	for _, s := range slices.Backward(all) {
		if c := s.command(); len(c) > 0 && !slices.Contains(closers, c[0]) && c[0] != "wait" {
			return strings.Join(c[:min(2, len(c))], " ")
		}
	}
	return "the program"
}
