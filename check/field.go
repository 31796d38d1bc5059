package check

import (
	"errors"
	"fmt"
	"strings"
)

// FieldError is what is wrong with one field of a check. Field is its path in
// the check's own terms, "streams[0].rate", so that a caller can name the flag
// or the line that the value came from.
type FieldError struct {
	Field   string
	Problem string
}

// Error gives "field: problem" on one line.
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// InStream puts what is wrong with stream i, counted from 0, into the check's own terms: a
// FieldError whose field is seen from the stream is then seen from the check, as one of
// the target is already. Another error is told to be the stream's.
func InStream(i int, err error) error {
	at := fmt.Sprintf("streams[%d]", i)
	field, ok := errors.AsType[*FieldError](err)
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", at, err)
	case strings.HasPrefix(field.Field, "target."):
		return field
	default:
		return &FieldError{Field: at + "." + field.Field, Problem: field.Problem}
	}
}

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
