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

var jvmIgnores = rule{
	id:    "jvm-ignores-sigterm",
	cause: report.SigtermIgnored,
	doc:   "A JVM sets up no handler for SIGTERM, and so runs no shutdown hooks: with -Xrs, or where SIGTERM is ignored as it starts, as after trap '' TERM (hotspot, os/posix/jvm_posix.cpp JVM_RegisterSignal; seen with OpenJDK 17 as process 1). Programs that set a handler all the same, as those of Go and Node.js, are not told of.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if b := w.deafJVM(c); b.why != "" {
				b.severity = w.lessBeside(c, Warning)
				report(b)
			}
		}
	},
}

// deafJVM tells of a container's JVM that takes no notice of SIGTERM.
func (w *workload) deafJVM(c container) breach {
	start := w.first(c)
	if start.Outcome != script.Reaches && start.Outcome != script.MayStay || manifest.Windows(&w.template.Spec) {
		return breach{} // which other rules tell of
	}
	isJava := len(start.Words) > 0 && path.Base(start.Words[0]) == "java"
	by, field := reducedBy(c, isJava, start.Words)
	b := breach{container: c.Name, field: field}
	first := "As process 1 it takes no notice of SIGTERM"
	if !isJava || start.Init != "" || manifest.Context(&w.template.Spec, c.Container).SharedPIDs {
		first = "As process 1 it takes no notice of SIGTERM, and as any other it dies of it at once"
	}
	switch {
	case by != "":
		b.why = fmt.Sprintf("The JVM is started with -Xrs (%s), with which it has no handler for SIGTERM. %s: nothing drains, no shutdown hook runs, and where it stays it is killed after %d s.", by, first, w.grace())
		b.fix = "Leave out -Xrs."
	case isJava && start.Ignores:
		b.why = fmt.Sprintf("SIGTERM is ignored as java starts (trap '' TERM stays so over exec), and a JVM leaves that as it is: it never learns that it has to stop and is killed after %d s.", w.grace())
		b.fix = "Leave out the trap."
		b.field = c.field + ".command"
		if len(c.Command) == 0 {
			b.field = c.field + ".args"
		}
	}
	return b
}

// reducedBy finds -Xrs among the options of java itself, and in the variables from which a
// JVM takes options (docs.oracle.com, The JDK_JAVA_OPTIONS Launcher Environment Variable;
// JVM TI, JAVA_TOOL_OPTIONS; _JAVA_OPTIONS is hotspot's own).
func reducedBy(c container, isJava bool, words []string) (by, field string) {
	for _, word := range words {
		if !isJava || word == "-jar" || word == "-m" || word == "--module" {
			break // what follows are the program's
		}
		if word == "-Xrs" {
			field = c.field + ".command"
			if len(c.Command) == 0 {
				field = c.field + ".args"
			}
			return "java -Xrs", field
		}
	}
	for i, e := range c.Env {
		if slices.Contains([]string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}, e.Name) && slices.Contains(strings.Fields(e.Value), "-Xrs") {
			return e.Name, fmt.Sprintf("%s.env[%d]", c.field, i)
		}
	}
	return "", ""
}
