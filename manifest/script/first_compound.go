package script

import (
	"cmp"

	"mvdan.cc/sh/v3/syntax"
)

// walk goes through a container's script.
type walk struct {
	context Context
	dialect Dialect
	level   int
	control[flow]
	// became is what the shell became by exec.
	became []Start
	file   *syntax.File
	// declared are all the functions of the script, for its traps, which run later.
	declared map[string]*syntax.Stmt
	// toAll tells of a trap that may signal more than a child by its number.
	toAll bool
	// toLast tells of a trap that signals what $! names alone, waitsForAll that it waits for all.
	toLast, waitsForAll bool
	// repeats tells of a trap whose signal comes back to the shell.
	repeats bool
	// misnamed tells of a signal in a trap by a name that dash does not know.
	misnamed bool
	// expandedEarly is what the trap of SIGTERM has lost as it was set (see early).
	expandedEarly string
	// errexit is set -e, guarded counts the conditions around, where that does nothing.
	errexit bool
	guarded int
	// line is the shell's own command line.
	line string
	// monitors is set -m, without which a program in the background is started with SIGINT and
	// SIGQUIT ignored (POSIX, 2.11); interrupt is the one of these by which alone a trap stops
	// it, interrupted the program.
	monitors    bool
	interrupt   string
	interrupted *program
	// steps is bounded, as is depth; lost tells that a bound was met.
	steps *int
	lost  bool
}

func (w *walk) all(list []*syntax.Stmt, s *scope, f flow, last bool) flow {
	for i, one := range list {
		if !f.on || w.lost {
			break
		}
		f = w.stmt(one, s, f, last && i == len(list)-1)
	}
	return f
}

// compound tells whether a shell becomes a program that stands last within a compound
// command or has redirections (busybox does, bash 5.2 does not: measured).
func (w *walk) compound() bool { return w.dialect == Busybox || w.dialect == Korn }

func (w *walk) stmt(stmt *syntax.Stmt, s *scope, f flow, last bool) flow {
	if *w.steps++; *w.steps > maxSteps || w.depth > maxDepth {
		w.lost = true
		return f
	}
	if stmt == nil || stmt.Cmd == nil {
		return f // redirections alone
	}
	if stmt.Negated || len(stmt.Redirs) > 0 && !w.compound() {
		last = false
	}
	if stmt.Background || stmt.Coprocess || stmt.Disown {
		if p := w.within(s, func(s *scope, f flow) flow { return w.cmd(stmt.Cmd, s, f, false) }); p != nil {
			p.piped = piped(stmt.Cmd)
			p.behind = p.behind || !p.became && w.behind(stmt.Cmd, p)
			f.back, f.forwards, f.otherLast = p, forwarding{}, false
			return f
		}
		f.otherLast = true
		return w.forwardAll(stmt.Cmd, f)
	}
	if stmt.Negated {
		w.guarded++
		defer func() { w.guarded-- }()
	}
	return w.cmd(stmt.Cmd, s, f, last)
}

// within is the program that a subshell runs: exec and exit there are not the shell's.
func (w *walk) within(s *scope, do func(*scope, flow) flow) *program {
	ends, became, own := w.ends, w.became, *s
	own.variables = cloned(s.variables)
	w.ends, w.became = nil, nil
	after := do(&own, flow{on: true})
	if after.on {
		w.ends = append(w.ends, after)
	}
	var found *program
	for _, start := range w.became {
		found = &program{words: programWords(start), start: start, became: true}
	}
	for _, end := range w.ends {
		found = cmp.Or(end.fore, found, end.back)
		if found != nil && end.fore == found {
			found.behind = found.behind || end.later
		}
		if (end.lost || end.sourced) && found == nil {
			found = &program{start: Start{Outcome: Unknown}}
		}
	}
	w.ends, w.became = ends, became
	return found
}

// behind tells whether the shell that runs a command in the background stays before its
// program: it becomes one that stands last in a subshell and, but for bash, in other lists
// (measured).
func (w *walk) behind(command syntax.Command, p *program) bool {
	var list []*syntax.Stmt
	inBash := true
	switch c := command.(type) {
	case *syntax.CallExpr:
		return p.start.Shell != "" && p.start.Outcome == Stays || len(c.Args) > 0 && w.bodies[c.Args[0].Lit()] != nil
	case *syntax.Subshell:
		list, inBash = c.Stmts, false
	case *syntax.Block:
		list = c.Stmts
	case *syntax.IfClause:
		list = c.Then
	case *syntax.BinaryCmd:
		list = []*syntax.Stmt{c.Y}
	default:
		return true
	}
	return inBash && w.dialect == Bash || len(list) > 0 && w.behind(list[len(list)-1].Cmd, p)
}

func piped(command syntax.Command) bool {
	c, is := command.(*syntax.BinaryCmd)
	return is && c.Op != syntax.AndStmt && c.Op != syntax.OrStmt
}

func (w *walk) cmd(command syntax.Command, s *scope, f flow, last bool) flow {
	switch c := command.(type) {
	case *syntax.CallExpr:
		return w.simple(c, s, f, last)
	case *syntax.BinaryCmd:
		return w.binary(c, s, f, last)
	case *syntax.Block:
		return w.all(c.Stmts, s, f, last && w.compound())
	case *syntax.Subshell:
		p := w.within(s, func(s *scope, f flow) flow { return w.all(c.Stmts, s, f, last && w.compound()) })
		if p != nil {
			p.replaces = last && w.compound()
		}
		return w.forwardAll(c, ran(f, p))
	case *syntax.IfClause:
		return w.branches(c, s, f, last && w.compound())
	case *syntax.WhileClause:
		s.forget(c)
		return w.loop(func() flow { return w.while(c, s, f, last) })
	case *syntax.ForClause:
		s.forget(c)
		return w.loop(func() flow { return join(f, w.all(c.Do, s, f, false)) })
	case *syntax.CaseClause:
		after, whole := flow{}, false
		for _, item := range c.Items {
			for _, p := range item.Patterns {
				whole = whole || p.Lit() == "*"
			}
			own := *s
			own.variables = cloned(s.variables)
			after = join(after, w.all(item.Stmts, &own, f, last && w.compound()))
		}
		s.forget(c)
		if !whole {
			after = join(after, f)
		}
		return after
	case *syntax.FuncDecl:
		w.declare(c)
		return f
	case *syntax.TimeClause:
		return w.stmt(c.Stmt, s, f, false)
	case *syntax.DeclClause:
		s.declare(c)
		return f
	case *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause:
		return f
	default:
		f.lost = true
		return f
	}
}

func (w *walk) binary(c *syntax.BinaryCmd, s *scope, f flow, last bool) flow {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		one := w.within(s, func(s *scope, f flow) flow { return w.stmt(c.X, s, f, false) })
		two := w.within(s, func(s *scope, f flow) flow { return w.stmt(c.Y, s, f, false) })
		return w.forwardAll(c, ran(f, cmp.Or(one, two)))
	}
	w.guarded++
	after := w.stmt(c.X, s, f, false)
	w.guarded--
	if !after.on {
		return after
	}
	then := w.stmt(c.Y, s, after, last)
	if c.Op == syntax.OrStmt {
		// What comes after a failure comes after a success too.
		return join(after, then)
	}
	return join(then, condition(f, after))
}

func (w *walk) branches(c *syntax.IfClause, s *scope, f flow, last bool) flow {
	if c == nil {
		return f
	}
	if len(c.Cond) == 0 { // an else
		return w.all(c.Then, s, f, last)
	}
	w.guarded++
	asked := w.all(c.Cond, s, f, false)
	w.guarded--
	if !asked.on {
		return asked
	}
	asked = condition(f, asked)
	own := *s
	own.variables = cloned(s.variables)
	then := w.all(c.Then, &own, asked, last)
	otherwise := asked
	if c.Else != nil {
		own := *s
		own.variables = cloned(s.variables)
		otherwise = w.branches(c.Else, &own, asked, last)
	}
	s.forget(c)
	return join(then, otherwise)
}

func (w *walk) while(c *syntax.WhileClause, s *scope, f flow, last bool) flow {
	w.guarded++
	asked := w.all(c.Cond, s, f, false)
	w.guarded--
	// Where nothing else is run, it may be the program that is started again and again.
	again := last && f.fore == nil && f.back == nil && asked.fore != nil
	asked = condition(f, asked)
	asked.lost = asked.lost || again
	body := w.all(c.Do, s, asked, false)
	if body.on && body.waits > asked.waits && !body.ended {
		body.waits += 2 // it waits again and again
	}
	if body.on && (body.waits > asked.waits || f.back != nil && body.later) {
		body.sleeps = body.sleeps || body.later
		body = w.forwardAll(c, body)
	}
	if endless(c) {
		// A shell that only waits in a loop for ever hears of its traps between.
		if body.on {
			body.sleeps = true
			w.ends = append(w.ends, body)
		}
		return flow{}
	}
	after := join(asked, body)
	if f.back != nil && body.later {
		after.sleeps, after.fore, after.later = true, nil, false
	}
	return after
}
