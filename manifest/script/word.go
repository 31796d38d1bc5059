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
	// SharedPIDs tells that process 1 is not the container's own.
	SharedPIDs bool
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
	if !is || !plain(p) || p.Param.Value != "@" && p.Param.Value != "*" {
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
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescaped(part.Value))
		case *syntax.SglQuoted:
			if part.Dollar {
				return "", false, false
			}
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				switch inner := inner.(type) {
				case *syntax.Lit:
					b.WriteString(unquoted(inner.Value))
				case *syntax.ParamExp:
					value, known := s.parameter(inner)
					if !known {
						return "", false, false
					}
					b.WriteString(value)
				default:
					return "", false, false
				}
			}
		case *syntax.ParamExp:
			value, known := s.parameter(part)
			if !known {
				return "", false, false
			}
			b.WriteString(value)
			splits = true
		default:
			return "", false, false
		}
	}
	return b.String(), true, splits
}

// parameter gives a variable's value. One that is not among the known may be set by the
// image all the same.
func (s *scope) parameter(p *syntax.ParamExp) (string, bool) {
	if !plain(p) {
		return "", false
	}
	name := p.Param.Value
	if n, err := strconv.Atoi(name); err == nil {
		if s.argumentsUnknown || len(s.arguments) == 0 && n == 0 {
			return "", false
		}
		if n < 0 || n >= len(s.arguments) {
			return "", true
		}
		return s.arguments[n], true
	}
	value, known := s.variables[name]
	if p.Exp != nil && value == "" {
		return "", false
	}
	return value, known
}

// plain tells of $name and ${name}, and of a default where a value is known.
func plain(p *syntax.ParamExp) bool {
	return p.Param != nil && !p.Excl && !p.Length && !p.Width && !p.IsSet && p.Index == nil && p.Slice == nil && p.Repl == nil &&
		p.Names == 0 && len(p.Modifiers) == 0 && p.Flags == nil &&
		(p.Exp == nil || p.Exp.Op == syntax.DefaultUnset || p.Exp.Op == syntax.DefaultUnsetOrNull)
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
			if len(n.Args) > 0 && (n.Args[0].Lit() == "set" || n.Args[0].Lit() == "shift") {
				s.argumentsUnknown = true
			}
			if len(n.Args) > 1 && (n.Args[0].Lit() == "read" || n.Args[0].Lit() == "unset" || n.Args[0].Lit() == "eval") {
				clear(s.variables)
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
