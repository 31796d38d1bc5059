// Package text shapes what a person reads, alike wherever it is written.
package text

import (
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Width is that of a line, in characters.
const Width = 80

// Obeyed tells whether a terminal or a page would obey a character instead of
// showing it: control characters, and marks that turn the direction of writing.
func Obeyed(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }

// Clean replaces what would be obeyed, and what is not UTF-8.
func Clean(s string) string {
	return strings.Map(func(c rune) rune {
		if Obeyed(c) {
			return '\ufffd'
		}
		return c
	}, s)
}

// CleanAll cleans each of the texts.
func CleanAll(all []string) []string {
	clean := make([]string, len(all))
	for i, s := range all {
		clean[i] = Clean(s)
	}
	return clean
}

// Clip bounds a text's length in characters, and shows where it did.
func Clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// Wrap breaks s between words into lines of at most Width, the first of which
// begins with first and each other one with indent.
func Wrap(first, indent, s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		line, empty := first, true
		for word := range strings.FieldsSeq(s) {
			if !empty && len([]rune(line))+1+len([]rune(word)) > Width {
				if !yield(line) {
					return
				}
				line, empty = indent, true
			}
			if !empty {
				line += " "
			}
			line += word
			empty = false
		}
		yield(line)
	}
}

// Count writes a number of things: "1 pod", "2 pods".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Duration rounds a length of time to three digits or so.
func Duration(d time.Duration) string {
	switch {
	case d.Abs() >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d.Abs() >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d.Abs() >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	default:
		return d.Round(10 * time.Microsecond).String()
	}
}
