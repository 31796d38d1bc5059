// Package render writes a report in the formats that people and pipelines read.
// Each is a function of the report alone.
package render

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// JSON writes the whole report. The same report always gives the same bytes.
func JSON(w io.Writer, r *report.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}
