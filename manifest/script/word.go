package script

import (
	"maps"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Context is what a command finds in its container.
type Context struct {
	// Sh is what the image's sh is; empty counts as Dash.
	Sh Dialect
	// Env holds the variables whose values are known; others may be set as well.
	Env map[string]string
	// Files are those whose text is known, by their paths.
	Files map[string]File
	// SharedPIDs tells that process 1 is not the container's own.
	SharedPIDs bool
	// ignores tells that SIGTERM is ignored as the command starts, which stays so over exec
	// (POSIX, exec).
	ignores bool
}

// word is one of a simple command's words after expansion.
type word struct {
	// text is the word's value, or its source where that is not known.
	text  string
	known bool
}

// texts are the words' texts.
func texts(words []word) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.text
	}
	return all
}

// scope is what a shell knows of its variables.
type scope struct {
	variables map[string]string
	arguments []string
	// argumentsUnknown tells that set or shift has changed them.
	argumentsUnknown bool
}

func newScope(env map[string]string, arguments []string) *scope {
	s := &scope{variables: maps.Clone(env), arguments: arguments}
	if s.variables == nil {
		s.variables = map[string]string{}
	}
	return s
}

// fields expands the words of a command.
func (s *scope) fields(words []*syntax.Word) []word {
	var all []word
	for _, w := range words {
		if arguments, is := s.all(w); is {
			for _, a := range arguments {
				all = append(all, word{a, true})
			}
			continue
		}
		text, known, splits := s.value(w)
		switch {
		case !known:
			all = append(all, word{source(w), false})
		case splits:
			for field := range strings.FieldsSeq(text) {
				all = append(all, word{field, true})
			}
		default:
			all = append(all, word{text, true})
		}
	}
	return all
}

// all gives what "$@" stands for, where the word is just that.
func (s *scope) all(w *syntax.Word) ([]string, bool) {
	parts := w.Parts
	if len(parts) == 1 {
		if quoted, is := parts[0].(*syntax.DblQuoted); is {
			parts = quoted.Parts
		}
	}
	if len(parts) != 1 || s.argumentsUnknown {
		return nil, false
	}
	p, is := parts[0].(*syntax.ParamExp)
	if !is || p.Param == nil || p.Param.Value != "@" && p.Param.Value != "*" || source(p) != "$"+p.Param.Value && source(p) != "${"+p.Param.Value+"}" {
		return nil, false
	}
	return s.arguments[min(1, len(s.arguments)):], true
}

// value expands a word. splits tells that blanks in it end a word.
func (s *scope) value(w *syntax.Word) (text string, known, splits bool) {
	if w == nil {
		return "", true, false
	}
	var b strings.Builder
	for _, part := range w.Parts {
		known := true
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescaped(part.Value))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
			known = !part.Dollar
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				lit, isLit := inner.(*syntax.Lit)
				if isLit {
					b.WriteString(unquoted(lit.Value))
				}
				known = known && (isLit || s.expansion(&b, inner))
			}
		default:
			known, splits = s.expansion(&b, part), true
		}
		if !known {
			return "", false, false
		}
	}
	return b.String(), true, splits
}

// expansion writes what a variable or a sum stands for, and tells whether that is known.
func (s *scope) expansion(b *strings.Builder, part syntax.WordPart) (known bool) {
	switch part := part.(type) {
	case *syntax.ParamExp:
		value, known := s.parameter(part)
		b.WriteString(value)
		return known
	case *syntax.ArithmExp:
		n, known := s.number(part.X)
		b.WriteString(strconv.FormatInt(n, 10))
		return known && !part.Unsigned
	default:
		return false
	}
}

// parameter gives what $NAME and ${NAME} stand for, and ${NAME:-WORD} and its kin (POSIX,
// 2.6.2). A variable that is not among the known may be set by the image all the same.
func (s *scope) parameter(p *syntax.ParamExp) (text string, known bool) {
	if p.Param == nil || p.Excl || p.Length || p.Width || p.IsSet || p.Index != nil || p.Slice != nil || p.Repl != nil ||
		p.Names != 0 || len(p.Modifiers) > 0 || p.Flags != nil {
		return "", false
	}
	value, set, known := s.variable(p.Param.Value)
	if p.Exp == nil || !known {
		return value, known
	}
	word := func() (string, bool) {
		text, known, _ := s.value(p.Exp.Word)
		return text, known
	}
	switch op := p.Exp.Op; {
	case op == syntax.DefaultUnset && set, op == syntax.AssignUnset && set, op == syntax.ErrorUnset && set,
		value != "" && (op == syntax.DefaultUnsetOrNull || op == syntax.AssignUnsetOrNull || op == syntax.ErrorUnsetOrNull):
		return value, true
	case op == syntax.DefaultUnset, op == syntax.DefaultUnsetOrNull, op == syntax.AlternateUnset && set, op == syntax.AlternateUnsetOrNull && value != "":
		return word()
	case op == syntax.AssignUnset, op == syntax.AssignUnsetOrNull:
		text, known := word()
		if known {
			s.variables[p.Param.Value] = text
		}
		return text, known
	case op == syntax.AlternateUnset, op == syntax.AlternateUnsetOrNull:
		return "", true
	default:
		return "", false
	}
}

// variable tells a variable's value, or that of an argument, which may be known to be unset.
func (s *scope) variable(name string) (value string, set, known bool) {
	n, err := strconv.Atoi(name)
	if err != nil {
		value, known = s.variables[name]
		return value, known, known
	}
	if s.argumentsUnknown || len(s.arguments) == 0 && n == 0 || n < 0 {
		return "", false, false
	}
	if n >= len(s.arguments) {
		return "", false, true
	}
	return s.arguments[n], true, true
}

// builtin takes note of what a shell's own command does to its variables, by its name and
// its first argument, if any.
func (s *scope) builtin(name, argument string) {
	switch name {
	case "set", "shift":
		s.argumentsUnknown = true
	case "read", "unset", "getopts", "mapfile", "readarray", "eval", ".", "source":
		clear(s.variables)
	case "printf":
		if argument == "-v" {
			clear(s.variables)
		}
	}
}

// exported are the variables that a program gets: those of the container, changed or not.
// Whether others are is not followed.
func (s *scope) exported(env map[string]string) map[string]string {
	own := map[string]string{}
	for name := range env {
		if value, known := s.variables[name]; known {
			own[name] = value
		}
	}
	return own
}

// declare takes note of export, local and the like. A name alone keeps its value where it is
// exported or made read-only.
func (s *scope) declare(c *syntax.DeclClause) {
	for _, a := range c.Args {
		if !a.Naked || c.Variant.Value != "export" && c.Variant.Value != "readonly" {
			s.assign(a)
		}
	}
}

// assign takes note of a variable.
func (s *scope) assign(a *syntax.Assign) {
	if a == nil || a.Name == nil {
		return
	}
	text, known, _ := s.value(a.Value)
	if !known || a.Append || a.Naked || a.Index != nil || a.Array != nil {
		delete(s.variables, a.Name.Value)
		return
	}
	s.variables[a.Name.Value] = text
}

// forget drops what parts that may run or not assign.
func (s *scope) forget(node syntax.Node) {
	if node == nil {
		return
	}
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Assign:
			if n.Name != nil {
				delete(s.variables, n.Name.Value)
			}
		case *syntax.WordIter:
			if n.Name != nil {
				delete(s.variables, n.Name.Value)
			}
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				s.builtin(n.Args[0].Lit(), n.Args[min(1, len(n.Args)-1)].Lit())
			}
		case *syntax.ParamExp:
			if n.Param != nil && n.Exp != nil {
				delete(s.variables, n.Param.Value) // it may assign
			}
		}
		return true
	})
}

// unescaped takes the backslashes off text outside of quotes.
func unescaped(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// unquoted takes those off text between double quotes that stand there for themselves
// only before some characters (POSIX, 2.2.3).
func unquoted(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("$`\"\\\n", text[i+1]) >= 0 {
			i++
			if text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// source writes a word as it was read.
func source(n syntax.Node) string {
	var b strings.Builder
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&b, n); err != nil {
		return ""
	}
	return b.String()
}
