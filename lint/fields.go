package lint

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	apijson "sigs.k8s.io/json"
)

// The rules about how an object is written. They are told while it is read:
// what the API server drops no other rule gets to see.
var (
	unknownField = rule{
		id:  "unknown-field",
		doc: "The API server knows no such field there: kubectl refuses the object, or the field is dropped and has no effect.",
	}
	doubleField = rule{
		id:  "double-field",
		doc: "A mapping has the same key twice: kubectl takes the last one, other tools refuse the file.",
	}
)

// unknownFields decodes the object into the type of its version and tells the
// fields that the type has not, as the API server's field validation does
// (KEP-2885, sigs.k8s.io/json UnmarshalStrict). What the server itself writes is
// left out.
func (r *reader) unknownFields(g *given, into any) ([]breach, error) {
	strict, err := apijson.UnmarshalStrict(g.text, into, apijson.DisallowUnknownFields)
	if err != nil {
		return nil, wrongValues(g.text, into, err)
	}
	var unknown []breach
	for _, err := range strict {
		if field, ok := errors.AsType[apijson.FieldError](err); ok && !strings.HasPrefix(field.FieldPath(), "status.") {
			unknown = append(unknown, r.knownTo(reflect.TypeOf(into)).unknown(field.FieldPath()))
		}
	}
	return unknown, nil
}

// doubles reports keys that are twice in one mapping, each with the line of the
// one that counts: the last. In what no rule looks at they are worth a note.
func (r *reader) doubles(g *given, judged bool) {
	if r.elsewhere != nil {
		return // kustomize leaves none
	}
	for d := range doublesIn(g.source.node) {
		r.report(&doubleField, g, breach{
			severity: noteUnless(judged && bears(d.path, d.key) && !sameText(d.earlier, d.value)), field: d.path,
			why: fmt.Sprintf("%s is there twice, on lines %d and %d. kubectl takes the last one and drops the other without a word; kustomize and other tools refuse the file.",
				d.key, g.source.before+d.earlierLine, g.source.before+d.line),
			fix: "Keep one of the two.",
		})
	}
}

// double is a key that was there before, with its path from where one looks.
type double struct {
	path, key         string
	earlierLine, line int
	earlier, value    *yaml.Node
}

func doublesIn(node *yaml.Node) iter.Seq[double] {
	return func(yield func(double) bool) {
		inList := node.Kind == yaml.SequenceNode
		earlier := map[string]int{}
		for i, child := range node.Content {
			step := ""
			switch {
			case inList:
			case i%2 == 0:
				continue // a key
			default:
				key := node.Content[i-1]
				step = key.Value
				if at, twice := earlier[step]; twice && key.Kind == yaml.ScalarNode && !isMerge(key) &&
					!yield(double{step, step, node.Content[at-1].Line, key.Line, node.Content[at], child}) {
					return
				}
				earlier[step] = i
			}
			if len(child.Content) == 0 {
				continue
			}
			for d := range doublesIn(child) {
				if inList {
					step = fmt.Sprintf("[%d]", i)
				}
				if !strings.HasPrefix(d.path, "[") {
					d.path = "." + d.path
				}
				if d.path = step + d.path; !yield(d) {
					return
				}
			}
		}
	}
}

// bears tells whether it decides how pods end which of two equal keys counts:
// that of such a field, or of one that has them below.
func bears(path, key string) bool {
	return bearsOnShutdown(path) || slices.Contains([]string{"spec", "template", "containers", "selector", "ports"}, key)
}

func sameText(a, b *yaml.Node) bool {
	return a.Kind == yaml.ScalarNode && b.Kind == yaml.ScalarNode && a.Value == b.Value
}

func noteUnless(bad bool) Severity {
	if bad {
		return Warning
	}
	return Note
}

// written is a finding about how an object is written.
type written struct {
	rule *rule
	breach
	kind, namespace, name string
	workload              bool
	source                Source
}

func (r *reader) report(rule *rule, g *given, b breach) {
	namespace := g.bones.Metadata.Namespace
	if namespace == "" {
		namespace = r.namespace
	}
	r.written = append(r.written, written{
		rule: rule, breach: b, source: g.source, kind: g.head.Kind, namespace: namespace, name: g.bones.name(),
		workload: g.head.Kind == "Deployment" || g.head.Kind == "StatefulSet" || g.head.Kind == "DaemonSet",
	})
}

func (s *skeleton) name() string {
	if s.Metadata.Name == "" {
		return s.Metadata.GenerateName
	}
	return s.Metadata.Name
}

func (w *written) finding() Finding {
	f := Finding{
		Rule: w.rule.id, Severity: w.severity, Why: w.why, Fix: w.fix, Patch: w.patch,
		Place: Place{Namespace: w.namespace, Kind: w.kind, Name: w.name, Container: w.container, Field: w.field, File: w.source.File, Line: w.source.line(w.field)},
	}
	if w.workload {
		f.Workload, f.namespace = strings.ToLower(w.kind)+"/"+w.name, w.namespace
	}
	return f
}
