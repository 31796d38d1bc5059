package render

import (
	"bytes"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/schema"
	"github.com/shutdowncheck/shutdowncheck/internal/schema/schematest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestSchemaIsThatOfTheModel(t *testing.T) {
	schematest.Kept(t, schema.Model{
		Title:    "A report of shutdowncheck",
		Of:       report.Report{},
		In:       "report/render",
		Packages: []string{"report", "check", "recording"},
		Only:     map[string]string{"apiVersion": check.APIVersion, "kind": "Report"},
	}, *update, nil)
}

func TestSchemaTakesReports(t *testing.T) {
	compiled := schematest.Compiled(t, Schema())
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
	var good bytes.Buffer
	if err := JSON(&good, goldenReports(t)["graceful-drain"]); err != nil {
		t.Fatal(err)
	}
	schematest.Refuses(t, schematest.Compiled(t, Schema()), good.Bytes(), map[string]func(map[string]any){
		"another version":    func(d map[string]any) { d["apiVersion"] = "shutdowncheck/v0" },
		"an unknown verdict": func(d map[string]any) { d["verdict"] = "fine" },
		"no verdict":         func(d map[string]any) { delete(d, "verdict") },
		"an unknown field":   func(d map[string]any) { d["verdickt"] = "passed" },
		"no list":            func(d map[string]any) { d["findings"] = nil },
		"no time":            func(d map[string]any) { d["began"] = "yesterday" },
		"no duration":        func(d map[string]any) { d["power"] = map[string]any{"new": "5 s"} },
	})
}
