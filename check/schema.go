package check

import _ "embed"

//go:embed schema.json
var schemaText string

// Schema is the JSON Schema (draft 2020-12) of a check file, for editors that
// complete and complain while it is written. It refuses no file that Read takes;
// what concerns several values at once, as names that have to differ, only Read
// can see.
func Schema() string { return schemaText }
