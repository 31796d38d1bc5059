package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/render"
)

func newCompare(s streams) *cobra.Command {
	tolerance, failed := report.DefaultTolerance, 0
	f := newFormatFlag(formatText, formatJSON, formatMarkdown)
	cmd := &cobra.Command{
		Use:   "compare BASE NEW",
		Short: "Tell whether a run is worse than an earlier one",
		Long: `compare sets the recording NEW beside the recording BASE of the same check:
failures by cause, margins and latency. It answers "did this change break our
drain?", also where the service was not free of losses before.

Exit codes: 0 not worse, 1 worse beyond the tolerance, 2 bad usage,
3 inconclusive (a run is, or the checks differ and nothing is worse), 4 tool
error, 130 interrupted.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("%s; want two FOLDERs, BASE and NEW", given(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("failed") {
				tolerance.Failed = &failed
			}
			if err := checkTolerance(tolerance); err != nil {
				return err
			}
			c, err := compare(cmd.Context(), args[0], args[1], tolerance)
			if err != nil {
				return interrupted(cmd.Context(), err)
			}
			if err := f.writeComparison(s, c); err != nil {
				return err
			}
			return outcomeOf(c)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&failed, "failed", 0, "how many more requests may fail, in all and by each cause (default what chance may do, and none where none failed before)")
	flags.Float64Var(&tolerance.Latency, "latency", tolerance.Latency, "the factor by which a stream's 99th percentile may grow; 50ms are always allowed")
	flags.DurationVar((*time.Duration)(&tolerance.Margin), "margin", time.Duration(tolerance.Margin), "by how much the time left of a grace, or from leaving the EndpointSlice to SIGTERM, may shrink where less than half of it is left")
	f.add(flags)
	return cmd
}

func compare(ctx context.Context, base, next string, tolerance report.Tolerance) (*report.Comparison, error) {
	defer spareMemory()()
	before, err := analyze(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("BASE: %w", err)
	}
	after, err := analyze(ctx, next)
	if err != nil {
		return nil, fmt.Errorf("NEW: %w", err)
	}
	return report.Compare(before, after, tolerance), nil
}

func checkTolerance(t report.Tolerance) error {
	switch {
	case t.Failed != nil && *t.Failed < 0:
		return usagef("--failed: %d; want 0 or more", *t.Failed)
	case t.Latency < 1 || math.IsNaN(t.Latency):
		return usagef("--latency: %g; want a factor of 1 or more", t.Latency)
	case t.Margin < 0:
		return usagef("--margin: %s; want 0s or more", t.Margin)
	default:
		return nil
	}
}

func (f format) writeComparison(s streams, c *report.Comparison) error {
	switch f {
	case formatJSON:
		return render.ComparisonJSON(s.out, c)
	case formatMarkdown:
		return render.ComparisonMarkdown(s.out, c)
	default:
		return render.ComparisonText(s.out, c, s.textOptions())
	}
}

func outcomeOf(c *report.Comparison) error {
	switch c.Outcome {
	case report.NotWorse:
		return nil
	case report.Worse:
		return &verdictError{report.Failed}
	default:
		return &verdictError{report.Inconclusive}
	}
}
