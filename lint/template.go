package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
)

var errTemplate = errors.New("looks like a Helm or Go template: render it first, for example: helm template . | shutdowncheck lint -f -")

var (
	// action begins a template's action that no YAML has: not in quotes, not
	// in a comment.
	action = regexp.MustCompile(`^[^#"']*\{\{`)
	// block begins a text of several lines, in which braces may be meant.
	block = regexp.MustCompile(`[:-]\s+[|>][-+0-9]*\s*(#.*)?$`)
)

// firstAction gives the line of a text that cannot be read that makes it a
// template; 0 where there is none.
func firstAction(text []byte) int {
	within := -1 // the indentation of the line that began a block
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimRight(line, " \r\n")
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		if len(line) == 0 || within >= 0 && indent > within {
			continue
		}
		within = -1
		if action.Match(line) {
			return number
		}
		if block.Match(line) {
			within = indent
		}
	}
	return 0
}

// templated tells whether a text that was read has an action in it.
func templated(s string) bool { return strings.Contains(s, "{{") }

// templatedNames tells whether one of the names of an object is left to a
// template: none may have a brace in it.
func templatedNames(s *skeleton) bool {
	if templated(s.Metadata.Name) || templated(s.Metadata.Namespace) {
		return true
	}
	for key, value := range s.Metadata.Labels {
		if templated(key) || templated(value) {
			return true
		}
	}
	return false
}

// free are the fields of the kinds that are judged in which braces may be meant:
// an alert's annotation, an argument.
var free = []string{"annotations", "args", "command", "env"}

// templatedValues tells whether a value of an object, in a field that has no use
// for braces, is left to a template.
func templatedValues(object []byte) bool {
	if !bytes.Contains(object, []byte("{{")) {
		return false
	}
	var value any
	return json.Unmarshal(object, &value) == nil && hasAction(value)
}

func hasAction(value any) bool {
	switch value := value.(type) {
	case string:
		return templated(value)
	case []any:
		return slices.ContainsFunc(value, hasAction)
	case map[string]any:
		for key, below := range value {
			if templated(key) || !slices.Contains(free, key) && hasAction(below) {
				return true
			}
		}
	}
	return false
}
