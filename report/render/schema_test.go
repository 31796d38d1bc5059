package render

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/schema"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The schema is made of the model, so that nothing of it has to be written twice.
func TestSchemaIsThatOfTheModel(t *testing.T) {
	document, err := schema.Generate(schema.Model{
		Title:    "A report of shutdowncheck",
		Of:       report.Report{},
		In:       "report/render",
		Packages: []string{"report", "check", "recording"},
		Only:     map[string]string{"apiVersion": check.APIVersion, "kind": "Report"},
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
		t.Error("schema.json is not that of the model; look at the difference with: go test ./report/render -run Schema -update && git diff schema.json")
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
