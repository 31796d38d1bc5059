// Package yamlpatch changes values in a YAML document and leaves every other byte of it
// as it is: comments, order, quotes and ends of lines.
package yamlpatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"

	"go.yaml.in/yaml/v3"
	kubernetesyaml "sigs.k8s.io/yaml"
)

// errOther is told of an edit that would not come to the change alone.
var errOther = errors.New("it is written in a way that cannot be changed safely")

// Apply gives the document as the change leaves it. The change is a strategic merge patch
// of mappings, scalars, nil for what goes, and lists that are merged by name. What comes
// out is read back: unless it is the document with that change and no other, Apply fails
// and says in a few words why.
func Apply(document []byte, change map[string]any) ([]byte, error) {
	want, err := value(document)
	if err != nil {
		return nil, err
	}
	if want, err = merged(want, change); err != nil {
		return nil, err
	}
	var tree yaml.Node
	// Columns are counted without the carriage return, which ends a line only.
	if err := yaml.Unmarshal(bytes.ReplaceAll(document, []byte("\r\n"), []byte("\n")), &tree); err != nil {
		return nil, err
	}
	if len(tree.Content) != 1 || tree.Content[0].Style&yaml.FlowStyle != 0 {
		return nil, errors.New("it is JSON, or YAML in the style of JSON as a whole")
	}
	e := newEditor(document)
	if err := e.mapping(tree.Content[0], 0, change); err != nil {
		return nil, err
	}
	after := e.text()
	got, err := value(after)
	if err != nil || !reflect.DeepEqual(got, want) {
		return nil, errOther
	}
	return after, nil
}

// value is what kubectl makes of a document.
func value(document []byte) (any, error) {
	text, err := kubernetesyaml.YAMLToJSON(document)
	if err != nil {
		return nil, err
	}
	var v any
	return v, json.Unmarshal(text, &v)
}

// merged is a value with a change, as Apply takes it.
func merged(v any, change map[string]any) (any, error) {
	// The numbers of a change become those that JSON has.
	text, err := json.Marshal(change)
	if err != nil {
		return nil, err
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	return mergedMapping(v, plain)
}

func mergedMapping(v any, change map[string]any) (any, error) {
	mapping, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, errOther
	}
	whole := map[string]any{}
	maps.Copy(whole, mapping)
	for key, to := range change {
		var err error
		switch to := to.(type) {
		case nil:
			delete(whole, key)
		case map[string]any:
			whole[key], err = mergedMapping(whole[key], to)
		case []any:
			whole[key], err = mergedList(whole[key], to)
		default:
			if key[:1] == "$" {
				return nil, fmt.Errorf("%s is more than a merge", key)
			}
			whole[key] = to
		}
		if err != nil {
			return nil, err
		}
	}
	return whole, nil
}

func mergedList(v any, change []any) (any, error) {
	list, _ := v.([]any)
	whole := append([]any(nil), list...)
	for _, item := range change {
		to, _ := item.(map[string]any)
		at := -1
		for i := range whole {
			if one, ok := whole[i].(map[string]any); ok && to["name"] != nil && one["name"] == to["name"] {
				at = i
			}
		}
		if at < 0 {
			return nil, errOther
		}
		one, err := mergedMapping(whole[at], to)
		if err != nil {
			return nil, err
		}
		whole[at] = one
	}
	return whole, nil
}
