package main

import (
	"regexp"
	"strings"
)

// The problems of a check name fields as the file has them, and where a sentence has no
// field to name, the flag in brackets behind its words: "a lower rate (--rate)".
var (
	// fieldWord is a text in quotes, or the name of a file as package os tells it, or a word
	// that can be nothing but a field, by a dot or a capital in it, with the flag that may
	// stand behind it.
	fieldWord = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\b(?:open|read|stat) [^\s:]+: |\b([a-z]+(?:[A-Z][A-Za-z0-9]*|\.[a-z][A-Za-z0-9]*)+)(?:, (--[a-z-]+)| \((--[a-z-]+)\))?`)
	// bracketed is a flag that stands behind the words for it.
	bracketed = regexp.MustCompile(` \(--[a-z-]+\)|, --[a-z-]+(\))`)
)

// forFlags has a problem's text name flags where it names fields.
func forFlags(problem string) string {
	return fieldWord.ReplaceAllStringFunc(problem, func(found string) string {
		parts := fieldWord.FindStringSubmatch(found)
		if named := parts[2] + parts[3]; named != "" {
			return named
		}
		if flag := flagOfField[parts[1]]; flag != "" {
			return "--" + flag
		}
		return found
	})
}

// forFile has it name no flag, as the check stands in a file, which takes none beside it.
func forFile(problem string) string {
	if !strings.Contains(problem, "--") {
		return problem
	}
	return bracketed.ReplaceAllString(problem, "$1")
}
