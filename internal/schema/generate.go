package schema

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	generator "github.com/invopop/jsonschema"
)

const module = "github.com/shutdowncheck/shutdowncheck"

// Duration is the pattern of what time.ParseDuration takes.
const Duration = `^[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// Share is the pattern of a part of a whole in per cent, or as a number.
const Share = `^([0-9]+\.?[0-9]*|\.[0-9]+)%?$`

// Model is a Go type that is written as JSON, and where its sources are.
type Model struct {
	Title string
	// Of is a value of the type.
	Of any
	// Packages are the folders of the types that the model consists of, In is
	// the one that the program runs in; both as seen from the repository's root.
	Packages []string
	In       string
	// Only are properties that have one value only.
	Only map[string]string
}

// Document is a schema that can still be amended.
type Document = generator.Schema

// Generate makes the schema of the model's types, their comments and their
// constants, so that none of it has to be written twice.
func Generate(m Model) (*Document, error) {
	constants, err := m.constants()
	if err != nil {
		return nil, err
	}
	reflector := generator.Reflector{
		Anonymous:      true,
		ExpandedStruct: true,
		Mapper:         textual(constants),
		// Two packages have a Stream.
		Namer: func(t reflect.Type) string {
			if t.Name() == "" {
				return ""
			}
			return path.Base(t.PkgPath()) + "." + t.Name()
		},
	}
	for _, name := range m.Packages {
		folder, err := m.folder(name)
		if err != nil {
			return nil, err
		}
		if err := reflector.AddGoComments(path.Join(module, m.In), folder, generator.WithFullComment()); err != nil {
			return nil, fmt.Errorf("read the comments of %s: %w", name, err)
		}
	}
	document := reflector.Reflect(m.Of)
	document.Title = m.Title
	for name, value := range m.Only {
		property, ok := document.Properties.Get(name)
		if !ok {
			return nil, fmt.Errorf("the model has no %s", name)
		}
		property.Const = value
	}
	return document, nil
}

// folder is where a package's sources are, seen from the one the program runs in.
func (m Model) folder(name string) (string, error) {
	return filepath.Rel(m.In, name)
}

// Text gives a schema as it is kept.
func Text(d *Document) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return "", fmt.Errorf("write the schema: %w", err)
	}
	return text.String(), nil
}

// textual maps the types that are written as text: names with their constants,
// durations, and others with a text form of their own, for some values or for all.
func textual(constants map[string][]any) func(reflect.Type) *generator.Schema {
	marshaler := reflect.TypeFor[encoding.TextMarshaler]()
	return func(t reflect.Type) *generator.Schema {
		switch {
		case t == reflect.TypeFor[time.Time]():
			return nil // known to the generator
		case t.Name() == "Duration" && t.Implements(marshaler):
			return &generator.Schema{Type: "string", Pattern: Duration}
		case t.Name() == "Senders":
			return &generator.Schema{AnyOf: []*generator.Schema{{Type: "integer"}, {Type: "string"}}}
		case t.Name() == "Share":
			return &generator.Schema{AnyOf: []*generator.Schema{{Type: "number"}, {Type: "string", Pattern: Share}}}
		case t.Implements(marshaler):
			return &generator.Schema{Type: "string"}
		case t.Kind() == reflect.String && constants[t.PkgPath()+"."+t.Name()] != nil:
			return &generator.Schema{Type: "string", Enum: constants[t.PkgPath()+"."+t.Name()]}
		default:
			return nil
		}
	}
}

// constants reads the string constants of each named type from the sources.
func (m Model) constants() (map[string][]any, error) {
	values := map[string][]any{}
	for _, name := range m.Packages {
		folder, err := m.folder(name)
		if err != nil {
			return nil, err
		}
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				return nil, err
			}
			ast.Inspect(syntax, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok {
					addConstants(values, path.Join(module, name), spec)
				}
				return true
			})
		}
	}
	return values, nil
}

// addConstants adds those of: Passed Verdict = "passed".
func addConstants(values map[string][]any, pkg string, spec *ast.ValueSpec) {
	named, ok := spec.Type.(*ast.Ident)
	if !ok || len(spec.Values) != 1 {
		return
	}
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return
	}
	if value, err := strconv.Unquote(literal.Value); err == nil {
		values[pkg+"."+named.Name] = append(values[pkg+"."+named.Name], value)
	}
}
