package script

import (
	"regexp"
	"slices"
	"strings"
)

// Aim is by what a signal's target is found among a container's processes.
type Aim int

// The aims. At none, the signal goes to process 1, to all, or to the server whose own
// command it is.
const (
	AtNone Aim = iota
	// ByName is a process's name (pkill, killall, pidof, pgrep) or a supervisor's name for it.
	ByName
	// ByLine is a part of its command line (pkill -f, pgrep -f).
	ByLine
	// ByFile is a file with its id, or a variable.
	ByFile
	// ByPort is a port of the pod at which it is asked to stop.
	ByPort
	// ByProgram is a program that tells its own running copy to stop, by its path.
	ByProgram
)

// Target is the process that a step tells to stop; Name is empty where it is not known.
type Target struct {
	Name string
	By   Aim
}

var (
	asked   = regexp.MustCompile("(?:pidof|pgrep)((?:\\s+-\\S+)*)\\s+[\"']?([^\\s\"'|;)`]+)")
	pidFile = regexp.MustCompile(`([A-Za-z0-9_@-][A-Za-z0-9_.@-]*?)\.pid\b`)
)

// substitutedTarget is the target of kill whose word is a command substitution or a
// variable, as it was read.
func substitutedTarget(text string) Target {
	if m := asked.FindStringSubmatch(text); m != nil {
		options := strings.Fields(m[1])
		if slices.ContainsFunc(options, func(o string) bool { return strings.ContainsAny(o, "uUgGPt") }) {
			return Target{By: ByName} // the option's value may be what was found
		}
		return Target{Name: plainName(m[2]), By: aimOf(options)}
	}
	if m := pidFile.FindStringSubmatch(text); m != nil {
		return Target{Name: m[1], By: ByFile}
	}
	return Target{By: ByFile}
}

// namedTarget is that of pkill and killall.
func namedTarget(options []string, name string) Target {
	return Target{Name: plainName(name), By: aimOf(options)}
}

func aimOf(options []string) Aim {
	for _, o := range options {
		if o == "--full" || strings.HasPrefix(o, "-") && !strings.HasPrefix(o, "--") && strings.Contains(o, "f") {
			return ByLine
		}
	}
	return ByName
}

// plainName takes off a pattern what does not belong to the name.
func plainName(pattern string) string {
	return strings.NewReplacer("^", "", "$", "", "[", "", "]", "").Replace(pattern)
}

// Prepares tells of a program that is beside what a container is there for, as tail or
// sleep.
func Prepares(name string) bool { return isPreparing(name) }
