package script

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// longSleep is as long as a usual grace: a trap that has to wait for it comes too late.
const longSleep = 30 * time.Second

func (w *walk) simple(c *syntax.CallExpr, s *scope, f flow, last bool) flow {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			s.assign(a)
		}
		return f
	}
	words := s.fields(c.Args)
	if len(words) == 0 {
		return f
	}
	name := words[0].text
	if body := w.function(words[0]); body != nil {
		return w.call(words[1:], s, func() flow { return w.stmt(body, s, f, last && w.dialect == Korn) })
	}
	if !words[0].known {
		if strings.Contains(name, "/") && strings.HasPrefix(name, "$") || strings.HasPrefix(name, `"$`) && strings.Contains(name, "/") {
			return ran(f, &program{words: texts(words), replaces: last && w.dialect != Dash})
		}
		// It may be exec, or a function of the shell.
		f.lost = true
		return ran(f, &program{words: texts(words)})
	}
	if (name == "command" || name == "builtin") && len(words) > 1 && words[1].known && !strings.HasPrefix(words[1].text, "-") {
		words = words[1:]
		name = words[0].text
	}
	switch name {
	case "exec":
		return w.exec(words[1:], f)
	case "exit", "return", "break", "continue":
		if w.leave(name, f) {
			return flow{}
		}
		return f
	case "eval":
		return w.eval(words[1:], s, f, last)
	case ".", "source":
		clear(s.variables)
		f.sourced = true
		return f
	case "trap":
		return w.trap(c.Args, words[1:], f)
	case "fg":
		f.fore, f.later = cmp.Or(f.back, f.fore), false
		return f
	case "wait":
		if f.back != nil {
			f.fore, f.later = nil, false
			if f.ended {
				return f
			}
			f.forwards.waits = f.forwards.waits || f.forwards.signals
			if f.waits == 0 {
				f.waitTrap = f.trap
			}
			f.waits++
			f.ended = w.errexit && w.guarded == 0 && f.trap != untrapped
		}
		return f
	}
	s.builtin(words[0].text, words[min(1, len(words)-1)].text)
	if name == "set" {
		w.errexit = setsErrexit(words[1:], w.errexit)
		w.monitors = w.monitors || slices.ContainsFunc(words[1:], func(o word) bool {
			return o.text == "monitor" || strings.HasPrefix(o.text, "-") && strings.Contains(o.text, "m")
		})
		return f
	}
	if name == "shift" {
		return f
	}
	base := path.Base(name)
	f = w.forward(words, f)
	f.holds = f.holds || idlesOn(words)
	if _, isSleep := sleepOf(words); isSleep {
		f.later = true
		return f.onward()
	}
	if isPreparing(base) && base != "env" {
		if f.later = true; isPrompt(base) {
			return f
		}
		return f.onward()
	}
	if f.sourced && !isProgram(name) {
		f.lost = true // it may be a function of the file
	}
	f.sourced = false
	nested := w.first(words, f)
	// Bash stays where it has something in the background (measured).
	replaces := last && w.dialect != Dash && (w.dialect != Bash || f.back == nil)
	return ran(f, &program{words: texts(words), replaces: replaces, start: stripped(nested, words)})
}

// languages are programs that run others, under whose names no file to source has a function.
var languages = []string{"node", "java", "python", "ruby", "php", "perl", "gunicorn", "uvicorn", "bundle", "npm", "yarn", "dotnet", "nginx"}

// isProgram tells that a command is no function, by its path or its name.
func isProgram(name string) bool {
	return strings.Contains(name, "/") || slices.Contains(languages, unversioned(name))
}

// first judges a command of the script, which has from it what is ignored.
func (w *walk) first(words []word, f flow) Start {
	c := w.context
	c.ignores = f.ignores
	return first(texts(words), c, w.level+1, w.steps)
}

// idlesOn tells of a program that is there to stay in the foreground.
func idlesOn(words []word) bool {
	slept, isSleep := sleepOf(words)
	return isSleep && slept.known && slept.length >= longSleep ||
		path.Base(words[0].text) == "tail" && slices.ContainsFunc(words[1:], func(t word) bool { return strings.HasPrefix(strings.ToLower(t.text), "-f") })
}

// stripped leaves out of a nested start what is unknown only because a word of the
// program's arguments is.
func stripped(s Start, words []word) Start {
	if s.Shell == "" && s.Outcome == Unknown {
		s.Outcome = Reaches
	}
	if slices.ContainsFunc(words, func(w word) bool { return !w.known }) && s.Shell != "" {
		s.Outcome = Unknown
	}
	return s
}

// exec is after the shell has become another program. Where there is none it has only
// redirected its own files; one that is missing ends it (measured with all three).
func (w *walk) exec(words []word, f flow) flow {
	for len(words) > 0 && words[0].known && strings.HasPrefix(words[0].text, "-") && w.dialect != Dash {
		option := words[0].text
		words = words[1:]
		if option == "-a" && len(words) > 0 {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return f
	}
	if w.dialect == Dash && (words[0].text == "command" || strings.HasPrefix(words[0].text, "-")) {
		// Dash knows no option there, and Debian no such program.
		w.became = append(w.became, Start{Outcome: Unknown, Fails: "exec takes " + words[0].text + " for the name of a program"})
		return flow{}
	}
	if !words[0].known {
		w.became = append(w.became, Start{Outcome: Reaches, Program: words[0].text})
		return flow{}
	}
	if f.back != nil && idlesOn(words) {
		// It has no handler and, as process 1, stays (pid_namespaces(7)).
		w.became = append(w.became, Start{Outcome: Stays, Shell: path.Base(words[0].text), Program: f.back.name()})
		return flow{}
	}
	if f.daemon != nil && idlesOn(words) {
		w.became = append(w.became, Start{Outcome: Stays, Shell: path.Base(words[0].text), Program: f.daemon.name(), Daemon: true})
		return flow{}
	}
	start := w.first(words, f)
	if slices.ContainsFunc(words, func(t word) bool { return !t.known }) && (start.Shell != "" || start.Outcome == Unknown) {
		start = Start{Outcome: Reaches, Program: short(texts(words))}
	}
	if start.Outcome == Unknown && start.Shell == "" {
		start.Outcome = Reaches
	}
	if f.back != nil && start.Outcome == Reaches && start.Init == "" {
		start.Left = programWords(f.back.start)
	}
	w.became = append(w.became, start)
	return flow{}
}

func (w *walk) eval(words []word, s *scope, f flow, last bool) flow {
	for _, one := range words {
		if !one.known {
			clear(s.variables)
			f.lost = true
			return f
		}
	}
	file, err := parse(strings.Join(texts(words), " "))
	if err != nil {
		f.lost = true
		return f
	}
	w.depth++
	defer func() { w.depth-- }()
	return w.all(file.Stmts, s, f, last && w.dialect == Korn)
}
