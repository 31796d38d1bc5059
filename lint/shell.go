package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// shellCall is a command that starts a shell.
type shellCall struct {
	shell string
	// script is what -c runs; inline is false where the shell reads a file.
	script string
	inline bool
}

var shells = []string{"sh", "bash", "dash", "ash", "zsh", "ksh"}

// selfReplacing shells become the last simple command of a -c script by
// themselves: bash from 5.1 on (seen with 5.2), busybox for a single one. dash
// 0.5.12, the sh of Debian and Ubuntu, was seen to stay.
var selfReplacing = []string{"bash", "ash", "zsh", "ksh"}

// parseShell looks whether words start a shell.
func parseShell(words []string) (shellCall, bool) {
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
		return shellCall{}, false
	}
	call := shellCall{shell: path.Base(words[0])}
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
				call.script, call.inline = words[i+1], true
			}
			return call, true
		case strings.HasSuffix(option, "o"):
			i++
		}
	}
	return call, true
}

// step is one simple command of a script, and what ended it.
type step struct {
	words []string
	// end is the operator behind it: "", ";", "&&", "||", "|" or "&".
	end string
}

// steps takes a script apart into its simple commands. Quotes keep operators
// and blanks together; of compound commands the parts are told apart as if they
// stood alone, with their keywords.
func steps(script string) []step {
	var all []step
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
			all = append(all, step{words, operator})
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

// command gives a step's words from its command on, without keywords and
// assignments in front of it.
func (s step) command() []string {
	for i, w := range s.words {
		name, _, assigns := strings.Cut(w, "=")
		if !slices.Contains(openers, w) && (!assigns || strings.ContainsAny(name, "-/.$")) {
			return s.words[i:]
		}
	}
	return nil
}

func (s step) execs() bool {
	c := s.command()
	// A bare exec, or one with redirections only, replaces nothing.
	return len(c) > 1 && c[0] == "exec" && strings.IndexAny(c[1], "<>&0123456789") != 0
}

// longestSleep is a day, in seconds; what sleeps for longer sleeps for ever.
const longestSleep = 24 * 60 * 60

// sleepSeconds recognises a command that does nothing but wait.
func sleepSeconds(words []string) (seconds float64, known bool) {
	if call, isShell := parseShell(words); isShell {
		if !call.inline {
			return 0, false
		}
		all := steps(call.script)
		if len(all) != 1 {
			return 0, false
		}
		words = all[0].command()
		if len(words) > 0 && words[0] == "exec" {
			words = words[1:]
		}
	}
	if len(words) > 1 && path.Base(words[0]) == "busybox" {
		words = words[1:]
	}
	if len(words) != 2 || path.Base(words[0]) != "sleep" {
		return 0, false
	}
	number, unit := words[1], 1.0
	for suffix, size := range map[string]float64{"s": 1, "m": 60, "h": 3600} {
		if cut, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = cut, size
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0 && n*unit <= longestSleep) {
		return 0, false
	}
	return n * unit, true
}
