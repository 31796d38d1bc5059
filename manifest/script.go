package manifest

import (
	"path"
	"slices"
	"strings"
)

// ShellCall is a command that starts a shell.
type ShellCall struct {
	Shell string // its name, without a path
	// Script is what -c runs; Inline is false where the shell reads a file.
	Script string
	Inline bool
}

var shells = []string{"sh", "bash", "dash", "ash", "zsh", "ksh"}

// ParseShell looks whether words start a shell.
func ParseShell(words []string) (ShellCall, bool) {
	if len(words) > 1 && path.Base(words[0]) == "env" {
		words = words[1:]
	}
	if len(words) > 1 && path.Base(words[0]) == "busybox" {
		words = words[1:]
		if words[0] == "sh" {
			words = slices.Concat([]string{"ash"}, words[1:])
		}
	}
	if len(words) < 2 || !slices.Contains(shells, path.Base(words[0])) {
		return ShellCall{}, false
	}
	call := ShellCall{Shell: path.Base(words[0])}
	for i := 1; i < len(words); i++ {
		option := words[i]
		switch {
		case strings.HasPrefix(option, "--"):
		case !strings.HasPrefix(option, "-") && !strings.HasPrefix(option, "+"):
			return call, true // a script file
		case strings.Contains(option, "c"):
			// -o's value may stand between: sh -euo pipefail -c SCRIPT has
			// its -c last, sh -euoc pipefail SCRIPT is not written in practice.
			if i+1 < len(words) {
				call.Script, call.Inline = words[i+1], true
			}
			return call, true
		case strings.HasSuffix(option, "o"):
			i++
		}
	}
	return call, true
}

// Step is one simple command of a script, and what ended it.
type Step struct {
	Words []string
	// End is the operator behind it: "", ";", "&&", "||", "|" or "&".
	End string
}

// Steps takes a script apart into its simple commands. Quotes keep operators
// and blanks together; of compound commands the parts are told apart as if they
// stood alone, with their keywords.
func Steps(script string) []Step {
	var all []Step
	var words []string
	var word strings.Builder
	inWord := false
	var quote rune
	endWord := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	endStep := func(operator string) {
		endWord()
		if len(words) > 0 {
			all = append(all, Step{words, operator})
		}
		words = nil
	}
	text := []rune(strings.ReplaceAll(script, "\\\n", " "))
	for i := 0; i < len(text); i++ {
		c := text[i]
		next := rune(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
				continue
			}
			if c == '\\' && quote == '"' && next != 0 {
				i++
				c = next
			}
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == '\\' && next != 0:
			i++
			word.WriteRune(next)
			inWord = true
		case c == '#' && !inWord:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case c == '&' && next == '&', c == '|' && next == '|':
			i++
			endStep(string([]rune{c, c}))
		case c == '&' && (next == '>' || strings.HasSuffix(word.String(), ">")):
			word.WriteRune(c) // a redirection: 2>&1, &>file
			inWord = true
		case c == '|', c == '&':
			endStep(string(c))
		case c == ';', c == '\n':
			endStep(";")
		case c == ' ' || c == '\t' || c == '\r':
			endWord()
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	endStep("")
	return all
}

var (
	openers = []string{"then", "do", "else", "{", "(", "if", "while", "until", "!", "time"}
	closers = []string{"fi", "done", "esac", "}", ")"}
)

// Command gives a step's words from its command on, without keywords and
// assignments in front of it.
func (s Step) Command() []string {
	for i, w := range s.Words {
		name, _, assigns := strings.Cut(w, "=")
		if !slices.Contains(openers, w) && (!assigns || strings.ContainsAny(name, "-/.$")) {
			return s.Words[i:]
		}
	}
	return nil
}

// Closes tells whether a word ends a compound command.
func Closes(word string) bool { return slices.Contains(closers, word) }

// Execs tells whether the shell becomes the step's command.
func (s Step) Execs() bool {
	c := s.Command()
	// A bare exec, or one with redirections only, replaces nothing.
	return len(c) > 1 && c[0] == "exec" && strings.IndexAny(c[1], "<>&0123456789") != 0
}
