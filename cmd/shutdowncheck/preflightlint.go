package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/lint"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// preflightLintTimeout bounds what a run waits for the rules, which it can do without.
const preflightLintTimeout = 10 * time.Second

// preflightLint judges the workload's manifest before a run. That it could not be read
// is a note, and never in the way of the run.
func preflightLint(ctx context.Context, c *cluster, ref check.Workload) *recording.Lint {
	ctx, cancel := context.WithTimeout(ctx, preflightLintTimeout)
	defer cancel()
	objects, notes, err := readCluster(ctx, c, ref)
	if err != nil {
		return &recording.Lint{Findings: []recording.LintFinding{}, Notes: []string{fmt.Sprintf("the manifest: %v", err)}}
	}
	rep := lint.Lint(objects)
	rep.Notes = append(rep.Notes, notes...)
	return rep.Recorded()
}
