package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// early gives a trap's text between double quotes without what the shell expands to nothing
// as it sets the trap: the number of a program that the script starts only later (POSIX 2.2.3;
// measured with dash and bash). Variable is the first of such words; empty where there is none
// or where what has run before is not plain.
func (w *walk) early(trap *syntax.Word) (text, variable string) {
	if len(trap.Parts) != 1 || w.depth > 0 || len(w.breaks) > 0 || w.started(trap.Pos()) {
		return "", ""
	}
	quoted, is := trap.Parts[0].(*syntax.DblQuoted)
	if !is {
		return "", ""
	}
	var b strings.Builder
	for _, part := range quoted.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unquoted(part.Value))
		default:
			what := source(part)
			if !w.unset(part, what, trap.Pos()) {
				b.WriteString(what)
			} else if variable == "" {
				variable = what
			}
		}
	}
	return b.String(), variable
}

// started tells whether anything is put into the background above a place in the script, or
// may be by text that stands elsewhere.
func (w *walk) started(by syntax.Pos) bool {
	found := false
	syntax.Walk(w.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			found = found || (n.Background || n.Coprocess || n.Disown) && by.After(n.Pos())
		case *syntax.CallExpr:
			found = found || len(n.Args) > 0 && by.After(n.Pos()) && slices.Contains([]string{"eval", ".", "source", "command", "builtin"}, n.Args[0].Lit())
		}
		return !found
	})
	return found
}

// unset tells of $!, of jobs, and of a variable that takes $! only below a place and is not
// named above it.
func (w *walk) unset(part syntax.WordPart, what string, by syntax.Pos) bool {
	p, is := part.(*syntax.ParamExp)
	if !is || p.Param == nil {
		return slices.Contains([]string{"$(jobs -p)", "$(jobs -pr)"}, what)
	}
	name := p.Param.Value
	if what != "$"+name && what != "${"+name+"}" {
		return false
	}
	if name == "!" {
		return true
	}
	above, below := false, false
	syntax.Walk(w.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			if n.Name != nil && n.Name.Value == name && n.Value != nil && n.Pos().After(by) {
				below = below || slices.Contains([]string{"$!", "${!}", `"$!"`, `"${!}"`}, source(n.Value))
			}
		case *syntax.Lit:
			above = above || by.After(n.Pos()) && n.Value == name
		}
		return true
	})
	_, inEnvironment := w.context.Env[name]
	return below && !above && !inEnvironment
}
