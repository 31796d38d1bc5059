package render

import (
	"bytes"
	"encoding"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	generator "github.com/invopop/jsonschema"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/schema"
	"github.com/shutdowncheck/shutdowncheck/report"
)

const here = "github.com/shutdowncheck/shutdowncheck/report/render"

// sources are the folders of the types that a report consists of.
var sources = []string{"..", "../../check", "../../recording"}

// The schema is made of the model's types, their comments and their constants,
// so that none of it has to be written twice.
func TestSchemaIsThatOfTheModel(t *testing.T) {
	got := generate(t)
	if *update {
		if err := os.WriteFile("schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(got) != Schema() {
		t.Error("schema.json is not that of the model; look at the difference with: go test ./report/render -run Schema -update && git diff schema.json")
	}
}

func generate(t *testing.T) []byte {
	t.Helper()
	reflector := generator.Reflector{
		Anonymous:      true,
		ExpandedStruct: true,
		Mapper:         textual(constants(t)),
		// Two packages have a Stream.
		Namer: func(t reflect.Type) string {
			if t.Name() == "" {
				return ""
			}
			return path.Base(t.PkgPath()) + "." + t.Name()
		},
	}
	for _, folder := range sources {
		if err := reflector.AddGoComments(here, folder, generator.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	s := reflector.Reflect(report.Report{})
	s.Title = "A report of shutdowncheck"
	for name, value := range map[string]string{"apiVersion": check.APIVersion, "kind": "Report"} {
		property, ok := s.Properties.Get(name)
		if !ok {
			t.Fatalf("the report has no %s", name)
		}
		property.Const = value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// textual maps the types that are written as text: names with their constants,
// durations, and others with a text form of their own.
func textual(constants map[string][]any) func(reflect.Type) *generator.Schema {
	marshaler := reflect.TypeFor[encoding.TextMarshaler]()
	return func(t reflect.Type) *generator.Schema {
		switch {
		case t == reflect.TypeFor[time.Time]():
			return nil // known to the generator
		case t == reflect.TypeFor[check.Duration]():
			return &generator.Schema{Type: "string", Pattern: `^-?([0-9]+(\.[0-9]+)?(h|m|s|ms|µs|ns))+$`}
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
func constants(t *testing.T) map[string][]any {
	t.Helper()
	values := map[string][]any{}
	for _, folder := range sources {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(syntax, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok {
					addConstants(values, path.Join(here, folder), spec)
				}
				return true
			})
		}
	}
	return values
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

func TestSchemaTakesReports(t *testing.T) {
	compiled := compileSchema(t)
	for name, r := range goldenReports(t) {
		var text bytes.Buffer
		if err := JSON(&text, r); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(text.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	compiled := compileSchema(t)
	var good bytes.Buffer
	if err := JSON(&good, goldenReports(t)["graceful-drain"]); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(map[string]any){
		"another version":    func(d map[string]any) { d["apiVersion"] = "shutdowncheck/v0" },
		"an unknown verdict": func(d map[string]any) { d["verdict"] = "fine" },
		"no verdict":         func(d map[string]any) { delete(d, "verdict") },
		"an unknown field":   func(d map[string]any) { d["verdickt"] = "passed" },
		"no list":            func(d map[string]any) { d["findings"] = nil },
		"no time":            func(d map[string]any) { d["began"] = "yesterday" },
		"no duration":        func(d map[string]any) { d["power"] = map[string]any{"new": "5 s"} },
	} {
		var d map[string]any
		if err := json.Unmarshal(good.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		spoil(d)
		spoiled, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(spoiled); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func compileSchema(t *testing.T) *schema.Schema {
	t.Helper()
	compiled, err := schema.Compile(Schema())
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}
