package script

import "mvdan.cc/sh/v3/syntax"

// control follows a script through its functions and loops to its ends. M is what is known
// of a moment in it.
type control[M any] struct {
	// join is where two paths meet.
	join func(a, b M) M
	// ends are the moments at which the shell ends, or goes on for ever; returns and breaks
	// those at which the functions and the loops around were left.
	ends            []M
	returns, breaks [][]M
	bodies          map[string]*syntax.Stmt
	// depth counts the functions, scripts and evals around.
	depth int
}

func (c *control[M]) declare(f *syntax.FuncDecl) {
	if c.bodies == nil {
		c.bodies = map[string]*syntax.Stmt{}
	}
	if f.Name != nil {
		c.bodies[f.Name.Value] = f.Body
	}
}

// function is the body of the one that a command calls, nil for none.
func (c *control[M]) function(name word) *syntax.Stmt {
	if !name.known {
		return nil
	}
	return c.bodies[name.text]
}

// call is after a function with its arguments.
func (c *control[M]) call(arguments []word, s *scope, body func() M) M {
	was := s.arguments
	s.arguments = append([]string{"sh"}, texts(arguments)...)
	c.depth++
	c.returns = append(c.returns, nil)
	after := body()
	after = c.met(after, &c.returns)
	c.depth--
	s.arguments = was
	return after
}

// loop is after a loop: behind its last turn, and where it was left.
func (c *control[M]) loop(turns func() M) M {
	c.breaks = append(c.breaks, nil)
	after := turns()
	return c.met(after, &c.breaks)
}

// met joins the moments at which the innermost function or loop was left.
func (c *control[M]) met(after M, left *[][]M) M {
	last := len(*left) - 1
	for _, m := range (*left)[last] {
		after = c.join(after, m)
	}
	*left = (*left)[:last]
	return after
}

// leave takes note of exit, return, break and continue. It is false for one of a loop where
// there is none.
func (c *control[M]) leave(name string, m M) bool {
	to := &c.ends
	switch {
	case name == "return" && len(c.returns) > 0:
		to = &c.returns[len(c.returns)-1]
	case (name == "break" || name == "continue") && len(c.breaks) == 0:
		return false
	case name == "break" || name == "continue":
		to = &c.breaks[len(c.breaks)-1]
	}
	*to = append(*to, m)
	return true
}
