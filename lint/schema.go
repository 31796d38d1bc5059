package lint

import _ "embed"

//go:embed schema.json
var schemaText string

// Schema is the JSON Schema (draft 2020-12) of what WriteJSON writes.
func Schema() string { return schemaText }
