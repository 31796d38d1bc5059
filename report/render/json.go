// Package render writes a report in the formats that people and pipelines read.
// Each is a function of the report alone.
package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// JSON writes the whole report. The same report always gives the same bytes,
// and none of them is one that a terminal would obey.
func JSON(w io.Writer, r *report.Report) error { return writeJSON(w, r, "report") }

// writeJSON writes v, which errors call by what it is.
func writeJSON(w io.Writer, v any, what string) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write the %s as JSON: %w", what, err)
	}
	buffered := bufio.NewWriter(w)
	for _, c := range encoded.String() {
		// Only strings can hold such a character.
		if c != '\n' && text.Obeyed(c) {
			_, _ = fmt.Fprintf(buffered, "\\u%04x", c)
			continue
		}
		_, _ = buffered.WriteRune(c)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the %s as JSON: %w", what, err)
	}
	return nil
}
