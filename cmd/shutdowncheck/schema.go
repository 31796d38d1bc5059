package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/report/render"
)

func newSchema(s streams) *cobra.Command {
	return &cobra.Command{
		Use:       "schema report",
		Short:     "Print the JSON Schema of a report",
		ValidArgs: []string{"report"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] != "report" {
				return usagef("%s; want report", given(args))
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			if _, err := io.WriteString(s.out, render.Schema()); err != nil {
				return fmt.Errorf("print the schema: %w", err)
			}
			return nil
		},
	}
}
