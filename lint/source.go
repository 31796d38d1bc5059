package lint

import (
	"iter"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source is where in the manifests an object stands; the zero value is none.
type Source struct {
	File string
	node *yaml.Node
	// before is how many lines of the file stand before the node's document.
	before int
	// apiVersion, kind and namespace are the object's own, the namespace as it was read:
	// empty where another stands in for it.
	apiVersion, kind, namespace string
}

// line is the line of the field at path, or of the nearest one around it. It
// is never outside of the object: what an alias or a merge brings in from
// elsewhere has the line on which it is brought in.
func (s Source) line(path string) int {
	if s.node == nil {
		return 0
	}
	_, line := s.find(path)
	return s.before + line
}

// find gives the nearest node to path that there is, and its line in the document.
func (s Source) find(path string) (*yaml.Node, int) {
	found, line, end := s.node, s.node.Line, lastLine(s.node)
	for node, at := range along(s.node, path) {
		if found = node; s.node.Line <= at && at <= end {
			line = at
		}
	}
	return found, line
}

// along gives the nodes on the way from node to path, as far as there are any, and
// their lines.
func along(node *yaml.Node, path string) iter.Seq2[*yaml.Node, int] {
	return func(yield func(*yaml.Node, int) bool) {
		for path != "" {
			next, at, rest := below(node, path)
			if next == nil || !yield(next, at) {
				return
			}
			node, path = next, strings.TrimPrefix(rest, ".")
		}
	}
}

// lastLine is the last line on which something of the node begins.
func lastLine(node *yaml.Node) int {
	last := node.Line
	for _, child := range node.Content {
		last = max(last, lastLine(child))
	}
	return last
}

// below is the node that the first step of path leads to, its line, and the
// rest of the path.
func below(node *yaml.Node, path string) (next *yaml.Node, line int, rest string) {
	node = target(node)
	if index, isIndex := strings.CutPrefix(path, "["); isIndex {
		number, rest, _ := strings.Cut(index, "]")
		i, err := strconv.Atoi(number)
		if err != nil || node.Kind != yaml.SequenceNode || i < 0 || i >= len(node.Content) {
			return nil, 0, ""
		}
		return node.Content[i], node.Content[i].Line, rest
	}
	return entry(node, path, 0)
}

func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// maxMerges is how many merges lead to another one before one gives up: an
// anchor can be merged into itself.
const maxMerges = 8

// entry looks for the longest key that path begins with, as keys can have dots
// in them. Of equal keys the last one counts, and those of the mapping itself
// before those that are merged in.
func entry(node *yaml.Node, path string, merges int) (next *yaml.Node, line int, rest string) {
	if node.Kind != yaml.MappingNode || merges > maxMerges {
		return nil, 0, ""
	}
	longest := -1
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		behind, ok := strings.CutPrefix(path, key.Value)
		if ok && len(key.Value) >= longest && !isMerge(key) && (behind == "" || behind[0] == '.' || behind[0] == '[') {
			longest, next, line, rest = len(key.Value), node.Content[i+1], key.Line, behind
		}
	}
	if next != nil {
		return next, line, rest
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if !isMerge(node.Content[i]) {
			continue
		}
		merged := []*yaml.Node{node.Content[i+1]}
		if merged[0].Kind == yaml.SequenceNode {
			merged = merged[0].Content
		}
		for _, m := range merged {
			if next, line, rest = entry(target(m), path, merges+1); next != nil {
				return next, line, rest
			}
		}
	}
	return nil, 0, ""
}

func isMerge(key *yaml.Node) bool { return key.Value == "<<" && key.Tag == "!!merge" }
