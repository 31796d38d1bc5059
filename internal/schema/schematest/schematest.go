// Package schematest tests that a schema is kept as the model is, and that it can refuse.
package schematest

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/internal/schema"
)

// file is where a package keeps its schema.
const file = "schema.json"

// Kept tests that the package's schema.json is that of the model, so that nothing of it
// has to be written twice; with update it writes it. amend changes the model's schema
// beforehand; it may be nil.
func Kept(t *testing.T, m schema.Model, update bool, amend func(*schema.Document)) {
	t.Helper()
	document, err := schema.Generate(m)
	if err != nil {
		t.Fatal(err)
	}
	if amend != nil {
		amend(document)
	}
	want, err := schema.Text(document)
	if err != nil {
		t.Fatal(err)
	}
	if update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != want {
		t.Errorf("%[1]s is not that of the model; look at the difference with: go test ./%[2]s -run Schema -update && git diff %[1]s", file, m.In)
	}
}

// Compiled compiles a schema.
func Compiled(t *testing.T, text string) *schema.Schema {
	t.Helper()
	compiled, err := schema.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// Refuses tests that the schema takes a document, and none that is spoiled.
func Refuses(t *testing.T, s *schema.Schema, good []byte, spoil map[string]func(map[string]any)) {
	t.Helper()
	if err := s.Validate(good); err != nil {
		t.Error(err)
	}
	for name, spoil := range spoil {
		var d map[string]any
		if err := json.Unmarshal(good, &d); err != nil {
			t.Fatal(err)
		}
		spoil(d)
		spoiled, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(spoiled) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
