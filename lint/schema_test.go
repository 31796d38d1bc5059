package lint

import (
	"os"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/internal/schema"
)

// The schema is made of the model, so that nothing of it has to be written twice.
func TestSchemaIsThatOfTheModel(t *testing.T) {
	document, err := schema.Generate(schema.Model{
		Title:    "What shutdowncheck lint found",
		Of:       Report{},
		In:       "lint",
		Packages: []string{"lint", "report"},
		Only:     map[string]string{"apiVersion": apiVersion, "kind": reportKind},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := schema.Text(document)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != Schema() {
		t.Error("schema.json is not that of the model; look at the difference with: go test ./lint -run Schema -update && git diff schema.json")
	}
}

func TestSchemaTakesReports(t *testing.T) {
	compiled, err := schema.Compile(Schema())
	if err != nil {
		t.Fatal(err)
	}
	whole := rendered(t, everyPart(t), "json")
	if err := compiled.Validate([]byte(whole)); err != nil {
		t.Error(err)
	}
	if err := compiled.Validate([]byte(rendered(t, Lint(&Objects{}), "json"))); err != nil {
		t.Error(err)
	}
	for name, spoiled := range map[string]string{
		"another version":     strings.Replace(whole, "v1alpha1", "v0", 1),
		"an unknown severity": strings.Replace(whole, `"severity": "warning"`, `"severity": "awful"`, 1),
		"an unknown field":    strings.Replace(whole, `"findings"`, `"found"`, 1),
	} {
		if spoiled == whole || compiled.Validate([]byte(spoiled)) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
