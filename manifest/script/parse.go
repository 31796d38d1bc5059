package script

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Bounds of what is looked at; what is beyond them is unknown.
const (
	maxText  = 64 << 10
	maxDepth = 8
	maxSteps = 10_000
	// maxNesting is how many of what may stand within another of its kind there are at the
	// most: some steps look at all that is inside.
	maxNesting = 2000
)

var errTooLong = errors.New("the script is too long")

// parse reads a script as bash does, whose language holds almost all of the others',
// and, where bash would not, as a POSIX shell or ksh.
func parse(text string) (*syntax.File, error) {
	nests := 0
	for _, opener := range []string{"(", "{", "`", "if", "while", "until", "for", "case", "&&", "||", "|"} {
		nests += strings.Count(text, opener)
	}
	if len(text) > maxText || nests > maxNesting {
		return nil, errTooLong
	}
	var first error
	for _, language := range []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX, syntax.LangMirBSDKorn} {
		file, err := syntax.NewParser(syntax.Variant(language)).Parse(strings.NewReader(text), "")
		if err == nil {
			return file, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}
