package yamlpatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// flow edits a mapping that is written as {a: b}. What is new takes the place of what
// goes or, where nothing goes, stands behind the brace.
func (e *editor) flow(node *yaml.Node, change map[string]any) error {
	var added []string
	var gone []*yaml.Node
	for _, name := range slices.Sorted(maps.Keys(change)) {
		key, value := entry(node, name)
		to := change[name]
		switch {
		case key == nil && to == nil:
		case key == nil:
			text, err := e.flowEntry(node, name, to)
			if err != nil {
				return err
			}
			added = append(added, text)
		case to == nil:
			gone = append(gone, key)
		default:
			if err := e.change(key, value, to); err != nil {
				return err
			}
		}
	}
	by := strings.Join(added, ", ")
	for _, key := range gone {
		from, to, err := e.flowSpan(key)
		if err != nil {
			return err
		}
		line := e.lines[key.Line-1]
		switch rest := bytes.TrimLeft(line[to:], " "); {
		case by != "":
		case bytes.HasPrefix(rest, []byte(",")):
			to = len(line) - len(bytes.TrimLeft(rest[1:], " "))
		default:
			from = len(bytes.TrimRight(line[:from], ", "))
		}
		e.spans[key.Line-1] = append(e.spans[key.Line-1], span{from, to, by})
		by = ""
	}
	if by == "" {
		return nil
	}
	at, ok := e.offset(node)
	if !ok || !bytes.HasPrefix(e.lines[node.Line-1][at:], []byte("{")) {
		return errOther
	}
	if len(node.Content) > 0 {
		by += ", "
	}
	e.spans[node.Line-1] = append(e.spans[node.Line-1], span{at + 1, at + 1, by})
	return nil
}

// flowEntry writes a new entry as the mapping's others are written: JSON is YAML too.
func (e *editor) flowEntry(node *yaml.Node, name string, to any) (string, error) {
	text, err := json.Marshal(map[string]any{name: withoutNil(to)})
	if err != nil {
		return "", err
	}
	entry := strings.NewReplacer(`":`, `": `, ",", ", ").Replace(string(text[1 : len(text)-1]))
	if len(node.Content) == 0 || node.Content[0].Style&yaml.DoubleQuotedStyle == 0 {
		entry = strings.ReplaceAll(entry, `"`, "")
	}
	return entry, nil
}

// flowSpan is where an entry of a flow begins and ends in its line, in bytes.
func (e *editor) flowSpan(key *yaml.Node) (from, to int, err error) {
	from, ok := e.offset(key)
	if !ok {
		return 0, 0, errOther
	}
	depth, quote := 0, byte(0)
	line := e.lines[key.Line-1]
	for to = from; to < len(line); to++ {
		switch c := line[to]; {
		case quote != 0:
			if c == '\\' && quote == '"' {
				to++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}'):
			return from, to, nil
		case c == '}' || c == ']':
			depth--
		}
	}
	return 0, 0, errors.New("what has to go stands on several lines, between braces")
}
