package check

import "fmt"

// FieldError is what is wrong with one field of a check. Field is its path in
// the check's own terms, "streams[0].rate", so that a caller can name the flag
// or the line that the value came from.
type FieldError struct {
	Field   string
	Problem string
}

// Error gives "field: problem" on one line.
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// FileError is a problem at a place in a check file. It wraps the FieldError
// where a field's value is at fault.
type FileError struct {
	File string
	// Line counts from 1.
	Line int
	Err  error
}

// Error gives "file:line: problem" on one line.
func (e *FileError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap gives the problem without its place.
func (e *FileError) Unwrap() error { return e.Err }
