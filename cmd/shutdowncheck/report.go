package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
	"github.com/shutdowncheck/shutdowncheck/report/render"
)

func newReport(s streams) *cobra.Command {
	f := newFormatFlag(reportFormats...)
	cmd := &cobra.Command{
		Use:   "report FOLDER",
		Short: "Make the report of a recording anew",
		Long: `report makes the report of a recording anew, prints it and exits with its verdict. The
report of one recording is always the same, byte for byte in JSON.`,
		Args: exactlyOne("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			defer spareMemory()()
			rep, err := analyze(cmd.Context(), args[0])
			if err != nil {
				return interrupted(cmd.Context(), err)
			}
			if err := f.write(s, rep); err != nil {
				return err
			}
			return verdictOf(rep)
		},
	}
	f.add(cmd.Flags())
	return cmd
}

func analyze(ctx context.Context, dir string) (*report.Report, error) {
	r, err := openRecording(dir)
	if err != nil {
		return nil, err
	}
	rep, err := analysis.Analyze(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	return rep, nil
}

// openRecording tells a folder that is not there, as a wrong call, from a recording that
// cannot be read.
func openRecording(dir string) (*recording.Recording, error) {
	r, err := recording.Open(dir)
	if err == nil {
		return r, nil
	}
	err = fmt.Errorf("read the recording: %w", err)
	if _, none := os.Stat(dir); errors.Is(none, fs.ErrNotExist) {
		return nil, usagef("%w; want the folder of a run, as its last line names it", err)
	}
	return nil, err
}

func verdictOf(rep *report.Report) error {
	if rep.Verdict == report.Passed {
		return nil
	}
	return &verdictError{rep.Verdict}
}

// saveReport leaves the report beside its recording, in every format.
func saveReport(dir string, rep *report.Report) (unsaved error) {
	for _, file := range []struct {
		name  string
		write func(io.Writer, *report.Report) error
	}{
		{"report.json", render.JSON},
		{"report.txt", func(w io.Writer, rep *report.Report) error { return render.Text(w, rep, render.TextOptions{}) }},
		{"report.html", render.HTML},
		{"report.md", render.Markdown},
		{"junit.xml", render.JUnit},
	} {
		var content bytes.Buffer
		if err := file.write(&content, rep); err != nil {
			return err
		}
		path := filepath.Join(dir, file.name)
		if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
			_ = os.Remove(path) // half of one would be taken for a whole one
			unsaved = errors.Join(unsaved, fmt.Errorf("save the report: %w", err))
		}
	}
	return unsaved
}
