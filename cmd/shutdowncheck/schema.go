package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/lint"
	"github.com/shutdowncheck/shutdowncheck/report/render"
)

// schemas are those of the formats that others write or read.
var schemas = map[string]func() string{
	"check":  check.Schema,
	"lint":   lint.Schema,
	"report": render.Schema,
}

func newSchema(s streams) *cobra.Command {
	names := slices.Sorted(maps.Keys(schemas))
	return &cobra.Command{
		Use:   "schema (" + strings.Join(names, " | ") + ")",
		Short: "Print the JSON Schema of a check file, of lint's JSON or of a report",
		Long: `schema prints the JSON Schema of a check file, by which editors complete and
complain while you write one, of what lint -o json prints, or of report.json.`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || schemas[args[0]] == nil {
				return usagef("%s; want %s or %s", given(args), strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := io.WriteString(s.out, schemas[args[0]]()); err != nil {
				return fmt.Errorf("print the schema: %w", err)
			}
			return nil
		},
	}
}
