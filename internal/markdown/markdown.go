// Package markdown writes texts of any origin in GitHub's flavour of Markdown, so that
// none of them becomes markup, calls a person or crowds out the rest.
package markdown

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// Limit is how many characters a comment has at the most. GitHub takes 65,536; the rest
// is for what a pipeline adds.
const Limit = 60_000

// Listed bounds a list, so that a long one does not crowd out what follows it.
const Listed = 100

// How many characters of one text are shown.
const (
	mostProse = 1000
	mostCode  = 300
	mostBlock = 8000
)

// listMark is what would make the beginning of a line an item of a list, or the
// line a rule.
var listMark = regexp.MustCompile(`^(?:([0-9]{1,9})([.)](?: |$))|([-+=]))`)

// Prose escapes all that Markdown, or the HTML in it, would take for markup, and
// bounds the length.
func Prose(s string) string {
	var escaped strings.Builder
	for _, c := range text.Clean(text.Clip(strings.TrimSpace(s), mostProse)) {
		switch c {
		case '<':
			escaped.WriteString("&lt;")
		case '>':
			escaped.WriteString("&gt;")
		case '&':
			escaped.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '~', '#', '!', '$':
			escaped.WriteRune('\\')
			escaped.WriteRune(c)
		case '@':
			// The zero-width space keeps GitHub from calling a person whom a text
			// only quotes.
			escaped.WriteString("@\u200b")
		default:
			escaped.WriteRune(c)
		}
	}
	return listMark.ReplaceAllString(escaped.String(), `$1\$2$3`)
}

// Code writes a name as a code span whose fence the name cannot close.
func Code(s string) string {
	s = text.Clean(text.Clip(s, mostCode))
	fence := fence(s, "`")
	if len(fence) > 1 {
		s = " " + s + " "
	}
	return fence + s + fence
}

// Fenced writes a block of code whose fence its content cannot close.
func Fenced(language, s string) string {
	fence := fence(s, "```")
	lines := strings.Split(text.Clip(s, mostBlock), "\n")
	return fence + language + "\n" + strings.Join(text.CleanAll(lines), "\n") + "\n" + fence
}

// fence is the shortest that s does not have.
func fence(s, shortest string) string {
	for strings.Contains(s, shortest) {
		shortest += "`"
	}
	return shortest
}

// Folded hides a block of Markdown behind its summary until it is clicked.
func Folded(summary, block string) string {
	return "<details><summary>" + Prose(summary) + "</summary>\n\n" + block + "\n\n</details>"
}

// Bullets writes a list of at most Listed lines.
func Bullets(lines []string) string {
	items := make([]string, 0, len(lines))
	for _, line := range lines[:min(len(lines), Listed)] {
		items = append(items, "- "+Prose(line))
	}
	if n := len(lines); n > Listed {
		items = append(items, fmt.Sprintf("- and %d more", n-Listed))
	}
	return strings.Join(items, "\n")
}
