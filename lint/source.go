package lint

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source is where in the manifests an object stands; the zero value is none.
type Source struct {
	File string
	node *yaml.Node
}

// line is the line of the field at path, or of the nearest one around it.
func (s Source) line(path string) int {
	if s.node == nil {
		return 0
	}
	node, line := s.node, s.node.Line
	for step := range strings.SplitSeq(strings.ReplaceAll(path, "[", ".["), ".") {
		next, at := below(node, step)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return line
}

// below is the node that a step leads to, and the line of its key.
func below(node *yaml.Node, step string) (*yaml.Node, int) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if index, isIndex := strings.CutPrefix(step, "["); isIndex {
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || node.Kind != yaml.SequenceNode || i >= len(node.Content) {
			return nil, 0
		}
		return node.Content[i], node.Content[i].Line
	}
	if node.Kind != yaml.MappingNode {
		return nil, 0
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			return node.Content[i+1], node.Content[i].Line
		}
	}
	return nil, 0
}
