package check

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder fills a value from YAML nodes. It takes nothing that the value has no
// place for, and remembers the line of each field it met. The keys come from
// the json tags, so file, report and recording share one vocabulary.
type decoder struct {
	file  string
	lines map[string]int
}

// decode fills v from node. path is the field's place in the check.
func (d *decoder) decode(node *yaml.Node, v reflect.Value, path string) error {
	d.lines[path] = node.Line
	if node.Kind == yaml.AliasNode {
		return d.fail(node, path, "refers to an anchor; want the value itself")
	}
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return d.text(node, text, path)
	}
	if short, ok := reflect.TypeAssert[shortForm](v.Addr()); ok && node.Kind == yaml.ScalarNode && node.ShortTag() != "!!null" {
		short.unmarshalShort(node.Value)
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return d.pointer(node, v, path)
	case reflect.Struct:
		return d.mapping(node, v, path)
	case reflect.Slice:
		return d.list(node, v, path)
	case reflect.String:
		return d.scalar(node, v, path, "text (numbers and the like in quotes)", "!!str")
	case reflect.Bool:
		return d.scalar(node, v, path, "true or false", "!!bool")
	case reflect.Int, reflect.Int32:
		return d.scalar(node, v, path, "a whole number", "!!int")
	case reflect.Float64:
		return d.scalar(node, v, path, "a number", "!!int", "!!float")
	default:
		return d.fail(node, path, "cannot be set from a file")
	}
}

// shortForm is a mapping that may also be written as one word, whose other fields stay as
// they are then.
type shortForm interface{ unmarshalShort(text string) }

func (d *decoder) text(node *yaml.Node, into encoding.TextUnmarshaler, path string) error {
	if node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null" {
		return d.fail(node, path, "%s; want text", describe(node))
	}
	if err := into.UnmarshalText([]byte(node.Value)); err != nil {
		return d.fail(node, path, "%w", err)
	}
	return nil
}

// pointer makes what is pointed to. A key without a value, as in "- restart:",
// is an empty mapping: the key alone says what is wanted. What a check does unless it is
// told not to is told so by false.
func (d *decoder) pointer(node *yaml.Node, v reflect.Value, path string) error {
	if node.ShortTag() == "!!bool" && v.Type() == reflect.TypeFor[*Window]() {
		d.lines[path] = node.Line
		var wanted bool
		if err := node.Decode(&wanted); err != nil {
			return d.fail(node, path, "%s; want false, or a mapping with path and rate", describe(node))
		}
		if !wanted {
			v.SetZero()
			return nil
		}
		node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: node.Line}
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	if v.Elem().Kind() == reflect.Struct && node.ShortTag() == "!!null" {
		return nil
	}
	return d.decode(node, v.Elem(), path)
}

func (d *decoder) mapping(node *yaml.Node, v reflect.Value, path string) error {
	fields := fieldsOf(v)
	if node.Kind != yaml.MappingNode {
		return d.fail(node, path, "%s; want a mapping with %s", describe(node), keys(fields))
	}
	first := map[string]int{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, known := fields[key.Value]
		if key.Kind != yaml.ScalarNode || !known {
			return d.fail(key, "", "unknown key %q%s; want %s", key.Value, in(path), keys(fields))
		}
		if line, twice := first[key.Value]; twice {
			return d.fail(key, "", "key %q%s is on line %d already; want each key once", key.Value, in(path), line)
		}
		first[key.Value] = key.Line
		if err := d.decode(value, field, join(path, key.Value)); err != nil {
			return err
		}
		// A value may begin on the line below its key; people look for the key.
		d.lines[join(path, key.Value)] = key.Line
	}
	return nil
}

// list keeps the elements that are there already, so that a second decoding
// onto the defaults of the first fills the same ones.
func (d *decoder) list(node *yaml.Node, v reflect.Value, path string) error {
	if node.Kind != yaml.SequenceNode {
		return d.fail(node, path, "%s; want a list", describe(node))
	}
	if v.IsNil() || v.Len() != len(node.Content) {
		v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
	}
	for i, element := range node.Content {
		if err := d.decode(element, v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) scalar(node *yaml.Node, v reflect.Value, path, want string, tags ...string) error {
	if node.Kind != yaml.ScalarNode || !slices.Contains(tags, node.ShortTag()) {
		return d.fail(node, path, "%s; want %s", describe(node), want)
	}
	if err := node.Decode(v.Addr().Interface()); err != nil {
		return d.fail(node, path, "%s is out of range; want %s", describe(node), want)
	}
	return nil
}

// fail gives the error for node; path is empty where the message names its
// place itself.
func (d *decoder) fail(node *yaml.Node, path, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if path != "" {
		err = &FieldError{Field: path, Problem: err.Error()}
	}
	return &FileError{File: d.file, Line: max(node.Line, 1), Err: err}
}

// line finds where a field stands, or else the nearest thing around it.
func (d *decoder) line(field string) int {
	for ; field != ""; field = field[:max(strings.LastIndexAny(field, ".["), 0)] {
		if line, ok := d.lines[field]; ok {
			return line
		}
	}
	return max(d.lines[""], 1)
}

// fieldsOf gives a struct's fields by their keys.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[key] = v.Field(i)
	}
	return fields
}

func keys(fields map[string]reflect.Value) string {
	if len(fields) == 0 {
		return "no keys"
	}
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func describe(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.ShortTag() == "!!null":
		return "no value"
	default:
		return fmt.Sprintf("%q", node.Value)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}
