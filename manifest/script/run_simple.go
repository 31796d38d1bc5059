package script

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// asking are programs that, in a command substitution, give an answer at once.
var asking = []string{"cat", "pidof", "pgrep", "ps", "head", "cut", "sed", "awk", "grep"}

// substitutedVariable names a variable of the container that stands where a shell takes it
// for a command: $(NAME).
func (r *run) substitutedVariable(words []word) string {
	for _, w := range words {
		_, after, _ := strings.Cut(w.text, "$(")
		name, _, closed := strings.Cut(after, ")")
		if _, is := r.context.Env[name]; is && closed && !w.known {
			return name
		}
	}
	return ""
}

// substituted is after the command substitutions in a node, which take their time.
func (r *run) substituted(node syntax.Node, e elapsed) elapsed {
	found, slow, depth := false, false, 0
	var ends []bool
	syntax.Walk(node, func(n syntax.Node) bool {
		if n == nil {
			if ends[len(ends)-1] {
				depth--
			}
			ends = ends[:len(ends)-1]
			return true
		}
		substitution := false
		switch n := n.(type) {
		case *syntax.CmdSubst:
			found, substitution = true, true
			depth++
		case *syntax.ProcSubst, *syntax.WhileClause, *syntax.ForClause:
			slow = slow || depth > 0
		case *syntax.CallExpr:
			if depth > 0 && len(n.Args) > 0 {
				name := path.Base(n.Args[0].Lit())
				_, isVariable := r.context.Env[name]
				slow = slow || !isPrompt(name) && !slices.Contains(asking, name) && !isVariable
			}
		}
		ends = append(ends, substitution)
		return true
	})
	if found || slow {
		r.other = true
		e = e.did()
	}
	if slow {
		return e.unknown()
	}
	return e
}

// succeeds tells whether a command's status is known: a sleep with a number succeeds,
// and so do, where nothing is wrong, what quits a server that runs and what marks it. Of
// a longer chain than depth it is not known.
func succeeds(stmt *syntax.Stmt, s *scope, depth int) (sure, success bool) {
	call, is := stmt.Cmd.(*syntax.CallExpr)
	if !is {
		if b, isBinary := stmt.Cmd.(*syntax.BinaryCmd); isBinary && b.Op == syntax.AndStmt && !stmt.Negated && depth > 0 {
			one, oneOK := succeeds(b.X, s, depth-1)
			two, twoOK := succeeds(b.Y, s, depth-1)
			return one && two && oneOK && twoOK, true
		}
		return false, false
	}
	if stmt.Negated || stmt.Background || len(call.Args) == 0 {
		return false, false
	}
	words := s.fields(call.Args)
	if len(words) == 0 || !words[0].known {
		return false, false
	}
	if slept, isSleep := sleepOf(words); isSleep {
		return slept.known || slept.wrong != "", slept.wrong == ""
	}
	if q, quits := quitOf(words); quits && q.Target.By != ByProgram {
		return true, true
	}
	switch path.Base(words[0].text) {
	case "true", ":", "echo", "printf", "export", "date", "set", "touch", "mkdir", "rm", "sync", "logger", "trap":
		return true, true
	case "false":
		return true, false
	}
	return false, false
}

func (r *run) simple(c *syntax.CallExpr, s *scope, e elapsed) elapsed {
	e = r.substituted(c, e)
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			s.assign(a)
		}
		return e
	}
	words := s.fields(c.Args)
	if len(words) == 0 {
		return e.did()
	}
	if body := r.function(words[0]); body != nil {
		return r.call(words[1:], s, func() elapsed { return r.stmt(body, s, e) })
	}
	own := s
	if len(c.Assigns) > 0 {
		own = &scope{variables: cloned(s.variables), arguments: s.arguments, argumentsUnknown: s.argumentsUnknown}
		for _, a := range c.Assigns {
			own.assign(a)
		}
	}
	after := r.command(words, own, e)
	if r.errexit && r.guarded == 0 && after.on {
		sure, success := succeeds(&syntax.Stmt{Cmd: c}, s, maxDepth)
		if !sure {
			r.ends = append(r.ends, after)
			after.unsure = true
		} else if !success {
			r.ends = append(r.ends, after)
			return elapsed{}
		}
	}
	return after
}

// command is after a simple command whose words are expanded.
func (r *run) command(words []word, s *scope, e elapsed) elapsed {
	if r.steps++; r.steps > maxSteps || r.depth > maxDepth {
		r.lost = true
		return e.unknown()
	}
	first := words[0]
	if !first.known {
		r.other = true
		return e.unknown()
	}
	if strings.Contains(strings.TrimSpace(first.text), " ") && !strings.Contains(first.text, "/") {
		// Quotes keep it together, and the shell finds no such program (POSIX 2.9.1.4).
		r.other, r.wrong = true, "the shell takes "+strconv.Quote(first.text)+" as a whole for a program's name, as it stands in quotes"
		return e.did()
	}
	switch first.text {
	case "exec":
		if len(words) > 1 {
			end := r.command(words[1:], s, e)
			if end.on {
				r.ends = append(r.ends, end)
			}
			return elapsed{}
		}
		return e
	case "exit", "return":
		r.leave(first.text, e)
		return elapsed{}
	case "break", "continue":
		if r.leave(first.text, e.unknown()) {
			return elapsed{}
		}
		return e
	case "command", "builtin":
		if len(words) > 1 && words[1].known && !strings.HasPrefix(words[1].text, "-") {
			return r.command(words[1:], s, e)
		}
	case "eval":
		return r.eval(words[1:], s, e)
	case ".", "source":
		// It may end the script, or take any time.
		r.other = true
		clear(s.variables)
		r.ends = append(r.ends, e.unknown())
		return e.unknown()
	case "wait":
		r.other = true
		e.least, e.asleep = max(e.least, e.behind), false
		if len(words) == 1 || words[1].text == "$!" {
			e.waiting = false
		}
		return e
	case "set":
		r.other = true
		s.builtin(words[0].text, words[min(1, len(words)-1)].text)
		r.errexit = setsErrexit(words[1:], r.errexit)
		return e
	case "trap":
		r.other = true
		if slices.ContainsFunc(words[1:], func(w word) bool { return strings.EqualFold(w.text, "EXIT") || w.text == "0" }) {
			r.ends = append(r.ends, e.unknown()) // what it does at the end is not followed
		}
		return e
	}
	s.builtin(words[0].text, words[min(1, len(words)-1)].text)
	if slept, isSleep := sleepOf(words); isSleep {
		switch {
		case slept.wrong != "":
			r.other, r.wrong = true, slept.wrong
			return e.did()
		case !slept.known:
			r.other = true
			if name := r.substitutedVariable(words[1:]); name != "" {
				r.wrong = "Kubernetes puts no $(" + name + ") into a hook, and the shell runs a program called " + name + " for it"
				return e.did()
			}
			return e.unknown()
		case slept.length == Forever:
			return elapsed{}
		}
		return e.passes(slept.length)
	}
	if path.Base(first.text) == "tail" && r.follows(words[1:], e) {
		r.other = true
		return elapsed{}
	}
	if q, quits := quitOf(words); quits {
		r.other = true
		if q.First && r.context.SharedPIDs {
			q.After, q.Exact, q.Certain = e.least, e.exact, !e.unsure
			r.elsewhere = append(r.elsewhere, q)
			return e.did()
		}
		misnamed := first.text == "kill" && r.shell.dialect == Dash && namesSIG(words[1:])
		if misnamed && r.shell.shell == "dash" {
			return e.did()
		}
		// What sh is may not be known.
		q.Maybe = misnamed
		q.After, q.Exact, q.Certain = plus(e.least, q.Delay), e.exact, !e.unsure && !misnamed
		r.quits = append(r.quits, q)
		if q.Delay > 0 {
			return e.passes(q.Delay).unknown() // and waits until nginx has gone
		}
		if q.MayWait || q.Target.By == ByProgram {
			return e.unknown()
		}
		return e.did()
	}
	if q, quits := quitByRequest(words); quits {
		r.other = true
		q.After, q.Exact, q.Certain = e.least, e.exact, !e.unsure
		r.quits = append(r.quits, q)
		return e.unknown()
	}
	if c, isShell := r.context.shellCall(texts(words)); isShell {
		return r.nested(c, words, s, e)
	}
	name := path.Base(first.text)
	if name == "timeout" {
		return r.timeout(words[1:], s, e)
	}
	if u := unwrap(texts(words), nil); u.known && len(u.words) < len(words) && len(u.words) > 0 {
		before, program := words[:len(words)-len(u.words)], words[len(words)-len(u.words):]
		if slices.ContainsFunc(before, func(w word) bool { return path.Base(w.text) == "env" }) {
			s = newScope(nil, s.arguments) // it may set any
		}
		return r.command(program, s, e)
	}
	r.other = true
	if isPrompt(name) {
		return e.did()
	}
	return e.unknown()
}

// setsErrexit is whether set -e holds behind a set with the words.
func setsErrexit(words []word, was bool) bool {
	on := false
	for _, w := range words {
		switch {
		case w.text == "--":
			return was
		case w.text == "errexit":
			was = on
		case strings.HasPrefix(w.text, "-") || strings.HasPrefix(w.text, "+"):
			if on = w.text[0] == '-'; strings.Contains(w.text, "e") {
				was = on
			}
		}
	}
	return was
}

func (r *run) eval(words []word, s *scope, e elapsed) elapsed {
	r.other = true
	for _, w := range words {
		if !w.known {
			clear(s.variables)
			r.ends = append(r.ends, e.unknown())
			return e.unknown()
		}
	}
	file, err := parse(strings.Join(texts(words), " "))
	if err != nil {
		return e.unknown()
	}
	r.depth++
	defer func() { r.depth-- }()
	return r.all(file.Stmts, s, e)
}

// nested is after a shell's own script.
func (r *run) nested(c call, words []word, s *scope, e elapsed) elapsed {
	if slices.ContainsFunc(words, func(w word) bool { return !w.known }) {
		r.other = true
		return e.unknown()
	}
	if c.fails() != "" {
		r.other, r.wrong = true, c.fails()
		return e.did()
	}
	if !c.hasText {
		r.other = true
		return e.unknown()
	}
	file, err := parse(c.text)
	if err != nil {
		r.other = true
		return e.unknown()
	}
	was, errexit, guarded, shell := r.control, r.errexit, r.guarded, r.shell
	r.control = control[elapsed]{join: either, depth: was.depth + 1}
	r.errexit, r.guarded, r.shell = c.errexit, 0, c
	after := r.sub(newScope(s.exported(r.context.Env), c.arguments), e, func(s *scope, e elapsed) elapsed { return r.all(file.Stmts, s, e) })
	r.control, r.errexit, r.guarded, r.shell = was, errexit, guarded, shell
	return after
}

// timeout is after a command that may not run for longer than a time.
func (r *run) timeout(words []word, s *scope, e elapsed) elapsed {
	r.other = true
	for len(words) > 0 && words[0].known && strings.HasPrefix(words[0].text, "-") {
		valued := words[0].text == "-s" || words[0].text == "-k"
		words = words[1:]
		if valued && len(words) > 0 {
			words = words[1:]
		}
	}
	if len(words) < 2 {
		return e.unknown()
	}
	limit := sleepArguments(words[:1])
	after := r.command(words[1:], s, e)
	if !limit.known {
		return e.unknown()
	}
	end := plus(e.least, limit.length)
	if !after.on || after.least > end {
		after = e.passes(limit.length)
	} else if after.asleep {
		after.asleep = false
	}
	return after
}
