package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/export"
)

// exportFormats are those of a recording's samples.
var exportFormats = []format{format(export.VegetaGob), format(export.VegetaJSON), format(export.VegetaCSV)}

func newExport(s streams) *cobra.Command {
	var names []string
	f := newFormatFlag(exportFormats...)
	cmd := &cobra.Command{
		Use:   "export FOLDER",
		Short: "Write a recording's samples for vegeta report and vegeta plot",
		Long: `export writes the samples of a recording to stdout in a format of the vegeta
command: each stream as an attack, each request with the latency from the time
at which it was due, as in the report.

  shutdowncheck export FOLDER | vegeta report
  shutdowncheck export FOLDER --stream short-new | vegeta plot > plot.html

The recording itself is Parquet, with more about each request.`,
		Args: exactlyOne("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return interrupted(cmd.Context(), exportSamples(cmd.Context(), s, args[0], f.format, names))
		},
	}
	cmd.Flags().Var(f, "format", "what to write: "+f.choice())
	cmd.Flags().StringArrayVar(&names, "stream", nil, "a stream to write, again for each more (default all)")
	return cmd
}

func exportSamples(ctx context.Context, s streams, dir string, f format, names []string) error {
	r, err := openRecording(dir)
	if err != nil {
		return err
	}
	for _, loss := range r.Losses {
		_, _ = fmt.Fprintf(s.err, "part of the recording is lost: %s\n", loss.Text)
	}
	recorded := export.Streams(r)
	for _, name := range names {
		if !slices.Contains(recorded, name) {
			return usagef("--stream: %q is no stream of %s; want %s", name, dir, strings.Join(recorded, ", "))
		}
	}
	if err := export.Vegeta(ctx, s.out, export.Format(f), r, names...); err != nil {
		return fmt.Errorf("export the recording: %w", err)
	}
	return nil
}
