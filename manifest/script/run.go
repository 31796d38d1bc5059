package script

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// Hook is what a hook's command does, as far as it can be told.
type Hook struct {
	// Least is for how long it runs at the least: what it sleeps on its shortest path.
	// Forever is an endless one. Exact tells that it takes just that.
	Least time.Duration
	Exact bool
	// OnlySleeps tells that it does nothing else. First is what it sleeps before it does
	// anything else.
	OnlySleeps bool
	First      time.Duration
	// Quits is the first step that tells a server to stop, of all such Steps; nil for none
	// that is known.
	Quits *Quit
	Steps []Quit
	// Elsewhere are the steps that signal process 1 where that is not the container's own.
	Elsewhere []Quit
	// Fails says why the command fails before it has done anything; empty where it does
	// not, or that is not known.
	Fails string
}

// Run judges a hook's command. Kubernetes replaces no $(NAME) in it (kubelet, lifecycle
// handlers), and no shell reads it unless it names one.
func Run(words []string, c Context) Hook {
	if len(words) == 0 {
		return Hook{}
	}
	if call, isShell := c.shellCall(words); isShell {
		if why := call.fails(); why != "" {
			return Hook{Fails: why, Exact: true}
		}
	} else if why := cmp.Or(noProgram(words[0]), c.Refused(words[0])); why != "" {
		return Hook{Fails: why, Exact: true}
	}
	r := &run{control: control[elapsed]{join: either}, context: c}
	known := make([]word, len(words))
	for i, w := range words {
		known[i] = word{w, true}
	}
	end := r.command(known, newScope(c.Env, nil), elapsed{on: true, exact: true, asleep: true})
	return r.hook(end)
}

// fails tells why a shell ends before it has run anything (measured with all three).
func (c call) fails() string {
	switch {
	case c.inline && !c.hasText:
		return c.shell + " is given -c and no script"
	case !c.inline && strings.ContainsAny(c.file, " ;&|"):
		return c.shell + " is given no -c, so that it takes " + strconv.Quote(c.file) + " for the name of a file"
	case !c.inline && strings.HasPrefix(c.file, "-"):
		return c.shell + " takes " + c.file + " behind its options for the name of a file"
	case !c.inline && (c.file == "sleep" || c.file == "exec" || c.file == "kill"):
		return c.shell + " is given no -c, so that it takes " + c.file + " for a script"
	case c.inline && c.dialect != Korn && !strings.Contains(c.text, "\n"):
		// A shell reads a whole line before it runs any of it.
		_, err := parse(c.text)
		if wrong := (syntax.ParseError{}); errors.As(err, &wrong) {
			return c.shell + " cannot read its script, by a mistake in its syntax"
		}
		return ""
	default:
		return ""
	}
}

// noProgram tells of a first word that is no program's name.
func noProgram(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "the command's first word is empty"
	case strings.ContainsAny(name, " ;&|"):
		return "no shell takes the command apart, so that " + strconv.Quote(name) + " as a whole is the program's name"
	case slices.Contains(absentPrograms, name):
		return name + " is a shell's own word and no program"
	default:
		return ""
	}
}

// run walks through a hook's script.
type run struct {
	context Context
	control[elapsed]
	// quits are the steps that quit a server, wrong why a sleep ended at once.
	quits []Quit
	wrong string
	// elsewhere are those that miss it (see Hook).
	elsewhere []Quit
	// other tells that something else than sleep was run, lost that a bound was met.
	other, lost bool
	steps       int
	// errexit is set -e, guarded counts the conditions around, where that does nothing.
	errexit bool
	guarded int
	// shell is the one whose script it is in, if any.
	shell call
}

// hook sums up what was found, with the moment behind the last line.
func (r *run) hook(end elapsed) Hook {
	if end.on {
		r.ends = append(r.ends, end)
	}
	var quits *Quit
	if len(r.quits) > 0 {
		quits = &r.quits[0]
	}
	if len(r.ends) == 0 {
		return Hook{Least: Forever, Exact: true, Quits: quits, Steps: r.quits, Elsewhere: r.elsewhere, OnlySleeps: !r.other}
	}
	h := Hook{Least: r.ends[0].least, Exact: !r.lost, First: r.ends[0].first, Quits: quits, Steps: r.quits, Elsewhere: r.elsewhere}
	for _, e := range r.ends {
		h.Exact = h.Exact && e.exact && !e.waiting && e.least == r.ends[0].least
		h.Least = min(h.Least, e.least)
		h.First = min(h.First, e.first)
	}
	h.OnlySleeps = h.Exact && !r.other
	if h.Exact && h.Least == 0 && r.wrong != "" && h.Quits == nil {
		h.Fails = r.wrong
	}
	return h
}
