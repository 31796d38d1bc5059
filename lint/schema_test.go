package lint

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/internal/schema"
	"github.com/shutdowncheck/shutdowncheck/internal/schema/schematest"
)

func TestSchemaIsThatOfTheModel(t *testing.T) {
	schematest.Kept(t, schema.Model{
		Title:    "What shutdowncheck lint found",
		Of:       Report{},
		In:       "lint",
		Packages: []string{"lint", "report"},
		Only:     map[string]string{"apiVersion": apiVersion, "kind": reportKind},
	}, *update, nil)
}

func TestSchemaTakesReports(t *testing.T) {
	compiled := schematest.Compiled(t, Schema())
	if err := compiled.Validate([]byte(rendered(t, Lint(&Objects{}), "json"))); err != nil {
		t.Error(err)
	}
	schematest.Refuses(t, compiled, []byte(rendered(t, everyPart(t), "json")), map[string]func(map[string]any){
		"another version":  func(d map[string]any) { d["apiVersion"] = "shutdowncheck/v0" },
		"an unknown field": func(d map[string]any) { d["found"] = d["findings"] },
		"no list":          func(d map[string]any) { d["findings"] = nil },
		"an unknown severity": func(d map[string]any) {
			findings, _ := d["findings"].([]any)
			first, _ := findings[0].(map[string]any)
			first["severity"] = "awful"
		},
	})
}
