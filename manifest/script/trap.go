package script

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// trapped is what a shell does on SIGTERM, or at its end.
type trapped int

const (
	untrapped trapped = iota
	// drains is a trap that hands the signal on and waits, or of which not all is known.
	drains
	// hands is one that hands the signal on and goes on.
	hands
	// handsAndExits does so and ends the shell.
	handsAndExits
	// idles does neither.
	idles
	// exits is one that ends the shell, or its children by SIGKILL, without SIGTERM to them.
	exits
	// holds waits, without having handed the signal on.
	holds
)

// trap takes note of what is to be done on SIGTERM and at the end.
func (w *walk) trap(args []*syntax.Word, words []word, f flow) flow {
	if len(words) > 0 && words[0].text == "--" {
		words = words[1:]
	}
	if len(words) < 2 {
		return f // it lists the traps, or resets one
	}
	text, early := "", ""
	if i := len(args) - len(words); i > 0 { // no word before it was split
		text, early = w.early(args[i])
	}
	if early == "" {
		if text = words[0].text; !words[0].known {
			// What stands between double quotes is expanded before, and stays the same command.
			text = strings.Trim(text, `"`)
		}
	}
	does := w.trapOf(text)
	for i, signal := range words[1:] {
		if w.dialect == Dash && namesSIG([]word{signal}) {
			w.misname(words[i+1:])
			break
		}
		switch name := strings.TrimPrefix(strings.ToUpper(signal.text), "SIG"); {
		case !signal.known:
			f.lost = true
		case (name == "TERM" || name == "15") && w.context.ignores:
			// What was ignored before cannot be trapped (POSIX, trap).
		case name == "TERM" || name == "15":
			f.trap, w.expandedEarly, f.ignores = does, early, text == ""
		case name == "EXIT" || name == "0":
			f.atExit = does
		}
	}
	return f
}

// misname takes note of a TERM or SIGTERM that dash does not take.
func (w *walk) misname(signals []word) {
	w.misnamed = w.misnamed || slices.ContainsFunc(signals, func(w word) bool { return strings.HasSuffix(strings.ToUpper(w.text), "TERM") })
}

// namesSIG tells of a signal that is called SIGTERM, -SIGTERM or the like. Dash wants TERM
// in trap and kill; it says "bad trap" or "Illegal option", leaves out what follows, and goes on
// (measured).
func namesSIG(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool {
		return strings.HasPrefix(strings.ToUpper(strings.TrimPrefix(w.text, "-")), "SIG")
	})
}

func (w *walk) trapOf(text string) trapped {
	if text == "-" || text == "" {
		return untrapped
	}
	file, err := parse(text)
	if err != nil {
		return drains
	}
	a := action{walk: w}
	for _, stmt := range file.Stmts {
		a.stmt(stmt, maxDepth)
	}
	a.unknown = a.unknown || a.sleeps && !a.passes
	w.toLast, w.waitsForAll = w.toLast || a.toLast && !a.toNamed, w.waitsForAll || a.waitsForAll
	if a.interrupts != "" && !a.stops && !a.unknown && !w.monitors {
		w.interrupt = a.interrupts
	}
	w.toAll = w.toAll || a.toAll || a.unknown
	switch {
	case a.repeats:
		w.repeats = true
		return handsAndExits
	case a.unknown, a.passes && a.waits:
		return drains
	case a.waits && a.kills:
		return exits
	case a.waits:
		return holds
	case a.passes && a.ends:
		return handsAndExits
	case a.passes:
		return hands
	case a.ends:
		return exits
	default:
		return idles
	}
}

// action is what a trap does for the shell's children, taken as if it did all that stands
// in it.
type action struct {
	walk *walk
	// passes tells of a signal to a child, toAll of one that may reach a child's children.
	passes, toAll       bool
	waits, sleeps, ends bool
	untraps, repeats    bool
	// kills tells of SIGKILL to one, interrupts is a SIGINT or SIGQUIT, stops tells of any other.
	kills      bool
	interrupts string
	stops      bool
	// toLast tells of a signal to $!, toNamed of one to anything else.
	toLast, toNamed, waitsForAll bool
	unknown                      bool
}

func (a *action) stmt(stmt *syntax.Stmt, depth int) {
	if a.ends {
		return
	}
	if depth == 0 || stmt.Background || stmt.Coprocess {
		a.unknown = true
		return
	}
	all := func(lists ...[]*syntax.Stmt) {
		for _, list := range lists {
			for _, one := range list {
				a.stmt(one, depth-1)
			}
		}
	}
	switch c := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		a.simple(c, depth)
	case *syntax.BinaryCmd:
		if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
			if words := jobsKilled(c); words != nil {
				a.kill("kill", words)
				return
			}
			a.unknown = true
		}
		all([]*syntax.Stmt{c.X, c.Y})
	case *syntax.Block:
		all(c.Stmts)
	case *syntax.ForClause:
		all(c.Do)
	case *syntax.IfClause:
		for ; c != nil; c = c.Else {
			all(c.Cond, c.Then)
		}
	case *syntax.WhileClause:
		a.waits = a.waits || a.passes
		all(c.Do)
	case *syntax.TestClause, nil:
	default:
		a.unknown = true
	}
}

func (a *action) simple(c *syntax.CallExpr, depth int) {
	words := newScope(nil, nil).fields(c.Args)
	if len(words) == 0 {
		return
	}
	name := words[0].text
	if body := a.walk.declared[name]; body != nil {
		a.stmt(body, depth-1)
		return
	}
	switch {
	case !words[0].known:
		a.unknown = true
	case name == "kill" || name == "pkill" || name == "killall":
		a.kill(name, words[1:])
	case name == "wait", name == "sleep" && a.passes:
		a.waits, a.waitsForAll = true, a.waitsForAll || name == "wait" && len(words) == 1
	case name == "exit":
		a.ends = true
	case name == "trap":
		a.untraps = a.untraps || slices.ContainsFunc(words[1:], func(w word) bool { return strings.HasSuffix(w.text, "TERM") || w.text == "15" })
	case name == "sleep":
		a.sleeps = true
	case isPrompt(name):
	default:
		a.unknown = true
	}
}

// kill takes note of a signal. One to the shell's own group, or by a part of the command line
// that is in its own too (pkill -f), comes back to the trap, again and again, until the shell
// dies of it. Dash finds no jobs by %1 and jobs -p (all measured).
func (a *action) kill(name string, words []word) {
	signal, targets := signalAndTargets(words, name)
	misnamed := name == "kill" && a.walk.dialect == Dash && namesSIG(words)
	if misnamed {
		a.walk.misname(words)
	}
	if signal == "SIG0" || signal == "0" || misnamed {
		return
	}
	if signal == "SIGKILL" {
		a.kills = true
		return
	}
	passed := a.passes
	a.passes = false
	defer func() {
		switch {
		case a.passes && (signal == "SIGINT" || signal == "SIGQUIT"):
			a.interrupts = signal
		case a.passes:
			a.stops = true
		}
		a.passes = a.passes || passed
	}()
	if name != "kill" { // pkill -P has no name
		a.passes, a.toNamed = true, true
		a.toAll = a.toAll || len(targets) > 0
	}
	for _, t := range targets {
		if strings.Trim(t.text, `"`) == "$!" || strings.Trim(t.text, `"`) == "${!}" {
			a.toLast = true
		} else {
			a.toNamed = true
		}
		a.toAll = a.toAll || t.text == "0" || strings.HasPrefix(t.text, "-")
		switch {
		case t.text == "" || t.text == `""`:
		case name == "kill" && t.text == "0", signal == "SIGTERM" && a.walk.isAsked(name, words, t):
			a.passes, a.repeats = true, a.repeats || !a.untraps
		case a.walk.dialect != Dash || !strings.HasPrefix(t.text, "%") && !strings.Contains(t.text, "jobs"):
			a.passes = true
		}
	}
}

// isAsked tells whether pkill -f or $(pgrep -f) finds the shell itself.
func (w *walk) isAsked(name string, words []word, target word) bool {
	pattern, is := target.text, name == "pkill" && aimOf(texts(words)) == ByLine
	if m := asked.FindStringSubmatch(target.text); m != nil && name == "kill" && !target.known && !strings.Contains(target.text, "|") {
		pattern, is = m[2], strings.Contains(m[0], "pgrep") && aimOf(strings.Fields(m[1])) == ByLine
	}
	if !is {
		return false
	}
	found, err := regexp.MatchString(pattern, w.line)
	return err == nil && found
}

// jobsKilled gives the words of kill in jobs -p | xargs kill; nil for another pipe.
func jobsKilled(pipe *syntax.BinaryCmd) []word {
	from, isFrom := pipe.X.Cmd.(*syntax.CallExpr)
	to, isTo := pipe.Y.Cmd.(*syntax.CallExpr)
	if !isFrom || !isTo {
		return nil
	}
	s := newScope(nil, nil)
	jobs, words := s.fields(from.Args), s.fields(to.Args)
	kill := slices.IndexFunc(words, func(w word) bool { return w.text == "kill" })
	if len(jobs) == 0 || jobs[0].text != "jobs" || kill < 1 || words[0].text != "xargs" {
		return nil
	}
	return append(slices.Clone(words[kill+1:]), word{text: source(pipe.X)})
}

// declared are the functions of a script.
func declared(file *syntax.File) map[string]*syntax.Stmt {
	all := map[string]*syntax.Stmt{}
	syntax.Walk(file, func(n syntax.Node) bool {
		if f, is := n.(*syntax.FuncDecl); is && f.Name != nil {
			all[f.Name.Value] = f.Body
		}
		return true
	})
	return all
}

// atEnd is what becomes of a trap where the shell's end has one of its own. Bash, of all
// three, runs that one too when SIGTERM ends it (measured).
func (t trapped) atEnd(end trapped, sh Dialect, ends bool) trapped {
	switch {
	case end == untrapped, t == untrapped && sh != Bash, t != untrapped && t != exits && t != handsAndExits && !ends:
		return t
	case end == drains, end == holds:
		return end
	case end == hands, end == handsAndExits, t == hands, t == handsAndExits:
		return handsAndExits
	default:
		return exits
	}
}
