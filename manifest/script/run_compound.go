package script

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

func (r *run) all(list []*syntax.Stmt, s *scope, e elapsed) elapsed {
	for _, one := range list {
		if !e.on || r.lost {
			break
		}
		e = r.stmt(one, s, e)
	}
	return e
}

// sub runs what a subshell does: its end is not the script's.
func (r *run) sub(s *scope, e elapsed, do func(*scope, elapsed) elapsed) elapsed {
	ends, own := r.ends, *s
	own.variables = cloned(s.variables)
	r.ends = nil
	after := do(&own, e)
	for _, end := range r.ends {
		after = either(after, end)
	}
	r.ends = ends
	return after
}

// sometimes marks what is not on every path.
func (r *run) sometimes(s *scope, e elapsed, do func(*scope, elapsed) elapsed) elapsed {
	was := e.unsure
	e.unsure = true
	own := *s
	own.variables = cloned(s.variables)
	after := do(&own, e)
	after.unsure = was
	return after
}

func cloned(m map[string]string) map[string]string {
	c := make(map[string]string, len(m))
	maps.Copy(c, m)
	return c
}

func (r *run) stmt(stmt *syntax.Stmt, s *scope, e elapsed) elapsed {
	if r.steps++; r.steps > maxSteps || r.depth > maxDepth {
		r.lost = true
		return e.unknown()
	}
	if stmt == nil || stmt.Cmd == nil {
		return e
	}
	if stmt.Background || stmt.Coprocess || stmt.Disown {
		after := r.sub(s, e, func(s *scope, e elapsed) elapsed { return r.cmd(stmt.Cmd, s, e) })
		r.other = true
		e.waiting, e.asleep = true, false
		e.behind = max(e.behind, after.least)
		e.exact = e.exact && after.exact
		if !after.on {
			e.behind = Forever
		}
		return e
	}
	return r.cmd(stmt.Cmd, s, e)
}

func (r *run) cmd(command syntax.Command, s *scope, e elapsed) elapsed {
	switch c := command.(type) {
	case *syntax.CallExpr:
		return r.simple(c, s, e)
	case *syntax.BinaryCmd:
		return r.binary(c, s, e)
	case *syntax.Block:
		return r.all(c.Stmts, s, e)
	case *syntax.Subshell:
		return r.sub(s, e, func(s *scope, e elapsed) elapsed { return r.all(c.Stmts, s, e) })
	case *syntax.IfClause:
		return r.branches(c, s, e)
	case *syntax.WhileClause:
		r.other = true
		s.forget(c)
		return r.loop(func() elapsed { return r.while(c, s, e) })
	case *syntax.ForClause:
		r.other = true
		s.forget(c)
		return r.loop(func() elapsed { return r.forEach(c, s, e) })
	case *syntax.CaseClause:
		after, whole := elapsed{}, false
		for _, item := range c.Items {
			for _, p := range item.Patterns {
				whole = whole || p.Lit() == "*"
			}
			after = either(after, r.sometimes(s, e, func(s *scope, e elapsed) elapsed { return r.all(item.Stmts, s, e) }))
		}
		if !whole {
			after = either(after, e)
		}
		s.forget(c)
		r.other = true
		return after
	case *syntax.FuncDecl:
		r.declare(c)
		return e
	case *syntax.TimeClause:
		if c.Stmt == nil {
			return e
		}
		return r.stmt(c.Stmt, s, e)
	case *syntax.DeclClause:
		s.declare(c)
		return r.substituted(c, e.did())
	case *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause:
		r.other = true
		return r.substituted(c, e.did())
	default:
		r.other = true
		return e.unknown()
	}
}

func (r *run) binary(c *syntax.BinaryCmd, s *scope, e elapsed) elapsed {
	if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt {
		// A pipe ends with the last of its commands.
		r.other = true
		one := r.sub(s, e, func(s *scope, e elapsed) elapsed { return r.stmt(c.X, s, e) })
		two := r.sub(s, e, func(s *scope, e elapsed) elapsed { return r.stmt(c.Y, s, e) })
		if !one.on || !two.on {
			return elapsed{}
		}
		after := one
		after.least, after.exact, after.asleep = max(one.least, two.least), one.exact && two.exact, false
		return after
	}
	if x, is := c.X.Cmd.(*syntax.BinaryCmd); is && c.Op == syntax.OrStmt && x.Op == syntax.AndStmt && !c.X.Negated {
		if sure, success := succeeds(x.Y, s, maxDepth); sure && success {
			return r.eitherOf(x.X, x.Y, c.Y, s, e)
		}
	}
	r.guarded++
	after := r.stmt(c.X, s, e)
	r.guarded--
	if !after.on {
		return after
	}
	var follows elapsed
	switch sure, succeeds := succeeds(c.X, s, maxDepth); {
	case sure && succeeds == (c.Op == syntax.AndStmt):
		return r.stmt(c.Y, s, after)
	case sure:
		return after
	default:
		follows = r.sometimes(s, after, func(s *scope, e elapsed) elapsed { return r.stmt(c.Y, s, e) })
	}
	s.forget(c.Y)
	return either(after, follows)
}

// eitherOf is after A && B || C, of which B succeeds: it is one of the two.
func (r *run) eitherOf(asked, then, otherwise *syntax.Stmt, s *scope, e elapsed) elapsed {
	r.guarded++
	after := r.stmt(asked, s, e)
	r.guarded--
	if !after.on {
		return after
	}
	one := r.sometimes(s, after, func(s *scope, e elapsed) elapsed { return r.stmt(then, s, e) })
	two := r.sometimes(s, after, func(s *scope, e elapsed) elapsed { return r.stmt(otherwise, s, e) })
	s.forget(then)
	s.forget(otherwise)
	return either(one, two)
}

func (r *run) branches(c *syntax.IfClause, s *scope, e elapsed) elapsed {
	if c == nil {
		return e
	}
	r.other = true
	r.guarded++
	after := r.all(c.Cond, s, e)
	r.guarded--
	if !after.on {
		return after
	}
	if len(c.Cond) == 0 { // an else
		return r.all(c.Then, s, after)
	}
	then := r.sometimes(s, after, func(s *scope, e elapsed) elapsed { return r.all(c.Then, s, e) })
	otherwise := after
	if c.Else != nil {
		otherwise = r.sometimes(s, after, func(s *scope, e elapsed) elapsed { return r.branches(c.Else, s, e) })
	}
	s.forget(c)
	return either(then, otherwise)
}

// endless tells of a loop's condition that always holds.
func endless(c *syntax.WhileClause) bool {
	if len(c.Cond) != 1 {
		return false
	}
	always := true
	switch cond := c.Cond[0].Cmd.(type) {
	case *syntax.CallExpr:
		if len(cond.Args) == 0 {
			return false
		}
		switch name := cond.Args[0].Lit(); {
		case name == "true" || name == ":":
		case name == "[" && len(cond.Args) == 3, name == "test" && len(cond.Args) == 2:
			if cond.Args[1].Lit() == "" {
				return false
			}
		case name == "sleep" && len(cond.Args) == 2:
			if _, number := seconds(strings.TrimRight(cond.Args[1].Lit(), "smhd"), time.Second); !number {
				return false
			}
		case name == "false":
			always = false
		default:
			return false
		}
	case *syntax.ArithmCmd:
		n, known := newScope(nil, nil).number(cond.X)
		if !known {
			return false
		}
		always = n != 0
	case *syntax.TestClause:
		text, is := cond.X.(*syntax.Word)
		if !is || text.Lit() == "" {
			return false
		}
	default:
		return false
	}
	return always != (c.Until != c.Cond[0].Negated)
}

// awaits tells that the hook waits for process 1 to go where nothing has asked that: it gets
// its signal only once the hook has ended.
func (r *run) awaits(e elapsed) bool { return !r.context.SharedPIDs && e.asleep }

// untilStopped tells of a loop that does so.
func (r *run) untilStopped(c *syntax.WhileClause, s *scope, e elapsed) bool {
	if !r.awaits(e) || c.Until || len(c.Cond) != 1 || c.Cond[0].Negated || len(c.Do) != 1 {
		return false
	}
	call, isCall := c.Cond[0].Cmd.(*syntax.CallExpr)
	body, isBody := c.Do[0].Cmd.(*syntax.CallExpr)
	if !isCall || !isBody {
		return false
	}
	_, sleeps := sleepOf(s.fields(body.Args))
	condition := strings.Join(texts(s.fields(call.Args)), " ")
	return sleeps && (condition == "kill -0 1" || condition == "[ -d /proc/1 ]" || condition == "test -d /proc/1")
}

func (r *run) while(c *syntax.WhileClause, s *scope, e elapsed) elapsed {
	endless := endless(c) || r.untilStopped(c, s, e)
	r.guarded++
	after := r.all(c.Cond, s, e)
	r.guarded--
	var body elapsed
	if endless {
		body = r.all(c.Do, s, after)
	} else if after.on {
		body = r.sometimes(s, after, func(s *scope, e elapsed) elapsed { return r.all(c.Do, s, e) })
	}
	if endless {
		return elapsed{}
	}
	return either(after, body).unknown()
}

// forEach runs a loop over words that are all known as often as there are any.
func (r *run) forEach(c *syntax.ForClause, s *scope, e elapsed) elapsed {
	if counts, is := c.Loop.(*syntax.CStyleLoop); is && counts.Cond == nil && r.shell.dialect == Bash {
		r.all(c.Do, s, e)
		return elapsed{}
	}
	times, known := repeats(c.Loop, s)
	after := e
	if known && times > 0 {
		body := r.all(c.Do, s, e)
		after = body
		if body.on && times > 1 {
			after.least = e.least
			for range min(times, 1000) {
				after.least = plus(after.least, body.least-e.least)
			}
			if after.asleep {
				after.first = after.least
			}
		}
	} else if !known {
		body := r.sometimes(s, e, func(s *scope, e elapsed) elapsed { return r.all(c.Do, s, e) })
		after = either(e, body).unknown()
	}
	return after
}

// repeats counts the words of a loop, and those of seq.
func repeats(loop syntax.Loop, s *scope) (int, bool) {
	words, is := loop.(*syntax.WordIter)
	if !is || !words.InPos.IsValid() {
		return 0, false
	}
	n := 0
	for _, w := range words.Items {
		text, known, splits := s.value(w)
		switch {
		case known && splits:
			n += len(strings.Fields(text))
		case known && !strings.ContainsAny(text, "*?[{"):
			n++
		default:
			fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(source(w), "$("), ")"))
			if len(fields) < 2 || len(fields) > 3 || fields[0] != "seq" {
				return 0, false
			}
			from := 1
			last, err := strconv.Atoi(fields[len(fields)-1])
			if err != nil {
				return 0, false
			}
			if len(fields) == 3 {
				if from, err = strconv.Atoi(fields[1]); err != nil {
					return 0, false
				}
			}
			if last-from > maxSteps || from < 0 {
				return 0, false
			}
			n += max(0, last-from+1)
		}
	}
	return n, true
}
