package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/manifest"
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
			call, isShell := manifest.ParseShell(slices.Concat(c.Command, c.Args))
			if !isShell {
				continue
			}
			b := breach{container: c.Name, field: c.field + ".command"}
			if share := w.template.Spec.ShareProcessNamespace; share != nil && *share {
				b.severity = Note
				b.why = fmt.Sprintf("The container starts through %s and shareProcessNamespace is true: PID 1 is the pod's pause process, and what the shell does on SIGTERM cannot be told from the manifest.", call.Shell)
				b.fix = "Start the program with exec, so that SIGTERM reaches it and not the shell."
				report(b)
				continue
			}
			if !call.Inline {
				b.severity = Note
				b.why = fmt.Sprintf("The container starts through %s with a script file, and PID 1 stays the shell unless that script ends in exec: the program would then never get SIGTERM and be killed after %d s.", call.Shell, w.grace())
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

// selfReplacing shells become the last simple command of a -c script by
// themselves: bash from 5.1 on (seen with 5.2), busybox for a single one. dash
// 0.5.12, the sh of Debian and Ubuntu, was seen to stay.
var selfReplacing = []string{"bash", "ash", "zsh", "ksh"}

// judgeScript tells what is wrong with a -c script; why is empty if nothing.
func judgeScript(call manifest.ShellCall, grace int) (severity Severity, why string) {
	all := manifest.Steps(call.Script)
	if len(all) == 0 {
		return "", ""
	}
	if slices.ContainsFunc(all, func(s manifest.Step) bool { c := s.Command(); return len(c) > 0 && c[0] == "trap" }) {
		return "", "" // it handles signals by itself
	}
	last := all[len(all)-1]
	piped := len(all) > 1 && all[len(all)-2].End == "|"
	compound := manifest.Closes(last.Words[0])
	switch {
	case compound && slices.ContainsFunc(all, manifest.Step.Execs), last.Execs() && !piped && last.End != "&":
		return "", ""
	case compound, piped, last.End == "&", !slices.Contains(selfReplacing, call.Shell):
		return Warning, fmt.Sprintf("PID 1 is %s, which neither dies of SIGTERM nor passes it on: %s never learns that it has to stop and is killed after %d s.", call.Shell, program(all), grace)
	default:
		return Note, fmt.Sprintf("PID 1 is %s at first; not every version replaces itself by the script's last command, and one that stays passes no SIGTERM on to %s, which is then killed after %d s.", call.Shell, program(all), grace)
	}
}

// program names what a script runs last.
func program(all []manifest.Step) string {
	for _, s := range slices.Backward(all) {
		if c := s.Command(); len(c) > 0 && !manifest.Closes(c[0]) && c[0] != "wait" {
			return strings.Join(c[:min(2, len(c))], " ")
		}
	}
	return "the program"
}
