// Package shell writes commands that people copy into a shell. Names come from
// clusters, recordings and command lines, and none of them may become more than
// the one word that it stands for.
package shell

import (
	"fmt"
	"strings"
	"unicode"

	"al.essio.dev/pkg/shellescape"
)

// Line writes a command whose format is ours, with a word for each %s that is
// not: quoted where a shell would read more into it, and never taken for an
// option.
func Line(format string, words ...string) string {
	quoted := make([]any, len(words))
	for i, word := range words {
		quoted[i] = Operand(word)
	}
	return fmt.Sprintf(format, quoted...)
}

// Operand writes a word that is no option: one with a hyphen at its beginning
// gets "./" before it, which means the same of a path, and nothing of a name
// that Kubernetes knows, since none of those begins so.
func Operand(text string) string {
	if strings.HasPrefix(text, "-") {
		text = "./" + text
	}
	return Word(text)
}

// Word writes text so that a POSIX shell reads it as one word, and as nothing
// else. What a terminal would obey or hide instead of showing it (control
// characters, line breaks, marks of direction, what is not UTF-8) is replaced by
// U+FFFD: the word is then not the one that was meant, and does no harm either.
func Word(text string) string {
	return shellescape.Quote(strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) {
			return unicode.ReplacementChar
		}
		return c
	}, text))
}

// Words writes a program with its arguments.
func Words(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = Word(text)
	}
	return strings.Join(quoted, " ")
}
