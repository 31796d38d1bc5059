package yamlpatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// editor gathers edits of a document's lines, each of which keeps its own end.
type editor struct {
	lines [][]byte
	// spans are the edits within a line, and after is what follows it, by its index.
	spans map[int][]span
	after map[int][]string
	gone  map[int]bool
}

// span replaces the bytes from from to to of a line; none, where they are the same.
type span struct {
	from, to int
	by       string
}

func newEditor(document []byte) *editor {
	return &editor{lines: bytes.SplitAfter(document, []byte("\n")), spans: map[int][]span{}, after: map[int][]string{}, gone: map[int]bool{}}
}

// mapping edits a node, a mapping, by a change. opener is the line of the key that it
// belongs to, counted from 1, or 0 for none.
func (e *editor) mapping(node *yaml.Node, opener int, change map[string]any) error {
	if err := plain(node); err != nil {
		return err
	}
	if node.Kind != yaml.MappingNode {
		return errOther
	}
	if node.Style&yaml.FlowStyle != 0 {
		return e.flow(node, change)
	}
	for _, name := range slices.Sorted(maps.Keys(change)) {
		key, value := entry(node, name)
		var err error
		switch to := change[name]; {
		case key == nil && to == nil:
			// It is not there anyway.
		case key == nil:
			err = e.add(node, opener, name, to)
		case to == nil:
			err = e.remove(key, value)
		default:
			err = e.change(key, value, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plain refuses what more than one place may stand for.
func plain(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return errors.New("an anchor or an alias is in what has to change")
	}
	if node.Style&yaml.TaggedStyle != 0 {
		return errOther
	}
	for i := 0; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
		if node.Content[i].Tag == "!!merge" {
			return errors.New("a merge key (<<) is in what has to change")
		}
	}
	return nil
}

func entry(node *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i], node.Content[i+1]
		}
	}
	return nil, nil
}

func (e *editor) change(key, value *yaml.Node, to any) error {
	if err := plain(value); err != nil {
		return err
	}
	switch to := to.(type) {
	case map[string]any:
		if value.Tag == "!!null" {
			return e.fill(key, value, to)
		}
		return e.mapping(value, key.Line, to)
	case []any:
		return e.list(value, to)
	case []map[string]any:
		items := make([]any, len(to))
		for i := range to {
			items[i] = to[i]
		}
		return e.list(value, items)
	default:
		return e.scalar(value, to)
	}
}

// fill puts a mapping in the place of a null: below its key where nothing is written, on
// its line where ~ or null is.
func (e *editor) fill(key, value *yaml.Node, to map[string]any) error {
	if value.Value == "" {
		return e.follow(key.Line, key.Column+1, "", to)
	}
	at, ok := e.offset(value)
	if !ok || !bytes.HasPrefix(e.lines[value.Line-1][at:], []byte(value.Value)) {
		return errOther
	}
	entry, err := e.flowEntry(&yaml.Node{Content: []*yaml.Node{key}}, key.Value, to)
	if err != nil {
		return err
	}
	_, mapping, _ := strings.Cut(entry, ": ")
	e.spans[value.Line-1] = append(e.spans[value.Line-1], span{at, at + len(value.Value), mapping})
	return nil
}

// list edits the items that have the same names.
func (e *editor) list(node *yaml.Node, change []any) error {
	for _, item := range change {
		to, _ := item.(map[string]any)
		for _, one := range node.Content {
			if err := plain(one); err != nil {
				return err
			}
			if _, name := entry(one, "name"); name == nil || name.Value != to["name"] {
				continue
			}
			rest := maps.Clone(to)
			delete(rest, "name")
			if err := e.mapping(one, 0, rest); err != nil {
				return err
			}
		}
	}
	return nil
}

// scalar replaces a value on one line, plain or in quotes.
func (e *editor) scalar(node *yaml.Node, to any) error {
	at, ok := e.offset(node)
	if node.Kind != yaml.ScalarNode || !ok {
		return errOther
	}
	for _, written := range []string{node.Value, `"` + node.Value + `"`, "'" + node.Value + "'"} {
		if written != "" && bytes.HasPrefix(e.lines[node.Line-1][at:], []byte(written)) {
			text, err := json.Marshal(to)
			if err != nil {
				return err
			}
			by := string(text)
			if s, isText := to.(string); isText && written == node.Value {
				by = s
			}
			e.spans[node.Line-1] = append(e.spans[node.Line-1], span{at, at + len(written), by})
			return nil
		}
	}
	return errOther
}

// offset is where a node begins in its line, in bytes; a column counts characters.
func (e *editor) offset(node *yaml.Node) (at int, ok bool) {
	if node.Line < 1 || node.Line > len(e.lines) {
		return 0, false
	}
	line := e.lines[node.Line-1]
	for range node.Column - 1 {
		if at >= len(line) {
			return 0, false
		}
		_, size := utf8.DecodeRune(line[at:])
		at += size
	}
	return at, true
}

// add puts a new entry into a mapping: below the key that the mapping belongs to, or
// below the first entry of a list's item, whose dash it must not come before.
func (e *editor) add(node *yaml.Node, opener int, name string, to any) error {
	if len(node.Content) == 0 {
		return errOther
	}
	first := node.Content[0]
	after := opener
	if after == 0 || after == first.Line {
		after = e.end(first, node.Content[1])
	}
	return e.follow(after, first.Column-1, name, to)
}

// follow writes an entry, or without a name the entries of a mapping, on lines of their
// own behind a line, which is counted from 1.
func (e *editor) follow(at, indent int, name string, to any) error {
	whole := withoutNil(to)
	if name != "" {
		whole = map[string]any{name: whole}
	}
	var lines []string
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(whole); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		lines = append(lines, strings.Repeat(" ", indent)+strings.TrimSuffix(line, "\n"))
	}
	e.after[at-1] = append(e.after[at-1], lines...)
	return nil
}

// withoutNil is what a change adds where nothing is: it takes nothing away there.
func withoutNil(to any) any {
	mapping, ok := to.(map[string]any)
	if !ok {
		return to
	}
	whole := map[string]any{}
	for key, value := range mapping {
		if value != nil {
			whole[key] = withoutNil(value)
		}
	}
	return whole
}

// remove takes the lines of an entry away.
func (e *editor) remove(key, value *yaml.Node) error {
	from, to := key.Line, e.end(key, value)
	before := e.lines[from-1]
	if at, ok := e.offset(key); !ok || len(bytes.TrimLeft(before[:at], " ")) > 0 {
		return errors.New("what has to go shares its line with something else")
	}
	for line := from; line <= to; line++ {
		if bytes.ContainsRune(e.lines[line-1], '#') {
			return errors.New("a comment stands in what has to go")
		}
		e.gone[line-1] = true
	}
	return nil
}

// end is the last line of an entry, counted from 1: all that is indented deeper than its
// key, and a list at the depth of the key. Blank lines and comments behind it are not its.
func (e *editor) end(key, value *yaml.Node) int {
	last := key.Line
	for line := key.Line + 1; line <= len(e.lines); line++ {
		text := bytes.TrimRight(e.lines[line-1], "\r\n")
		bare := bytes.TrimLeft(text, " ")
		depth := len(text) - len(bare)
		switch {
		case len(bare) == 0 || bare[0] == '#' && value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0:
			continue
		case depth >= key.Column, depth == key.Column-1 && value.Kind == yaml.SequenceNode && bytes.HasPrefix(bare, []byte("-")):
			last = line
		default:
			return last
		}
	}
	return last
}

// text is the document with the edits.
func (e *editor) text() []byte {
	var out bytes.Buffer
	for i, line := range e.lines {
		if !e.gone[i] {
			spans := e.spans[i]
			slices.SortStableFunc(spans, func(a, b span) int { return a.from - b.from })
			at := 0
			for _, s := range spans {
				out.Write(line[at:s.from])
				out.WriteString(s.by)
				at = s.to
			}
			out.Write(line[at:])
		}
		if len(e.after[i]) == 0 {
			continue
		}
		end := e.lineEnd(i)
		added := strings.Join(e.after[i], end)
		if bytes.HasSuffix(line, []byte("\n")) {
			out.WriteString(added + end)
		} else {
			out.WriteString(end + added)
		}
	}
	return out.Bytes()
}

// lineEnd is that of a line or, of the last one that has none, of the first.
func (e *editor) lineEnd(i int) string {
	line := e.lines[i]
	if !bytes.HasSuffix(line, []byte("\n")) {
		line = e.lines[0]
	}
	if bytes.HasSuffix(line, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}
