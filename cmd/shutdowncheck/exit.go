package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The exit codes. They keep apart what a pipeline must not confuse: requests
// were lost, nothing was proven, the call was wrong, the tool or the cluster
// failed.
const (
	exitPassed       = 0
	exitFailed       = 1
	exitUsage        = 2
	exitInconclusive = 3
	exitError        = 4
	exitInterrupted  = 130
)

// verdictError carries a verdict that is not "passed" to the exit code. What it
// means has been printed by then.
type verdictError struct{ verdict report.Verdict }

func (e *verdictError) Error() string { return string(e.verdict) }

// interrupted gives a command's error where ctx may have ended the command:
// whatever else went wrong is then a consequence of that.
func interrupted(ctx context.Context, err error) error {
	panicked, crashed := errors.AsType[*guard.PanicError](context.Cause(ctx))
	switch {
	case crashed && err == nil:
		return panicked
	case crashed && errors.Is(err, panicked):
		return err
	case crashed:
		return errors.Join(panicked, err)
	case ctx.Err() == nil || errors.Is(err, experiment.ErrInterrupted):
		return err
	case err == nil:
		return experiment.ErrInterrupted
	default:
		return fmt.Errorf("%w: %w", experiment.ErrInterrupted, err)
	}
}

// exitCode tells how the program ends, and prints what nobody has said yet.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitPassed
	}
	if verdict, ok := errors.AsType[*verdictError](err); ok {
		if verdict.verdict == report.Failed {
			return exitFailed
		}
		return exitInconclusive
	}
	if careless, ok := errors.AsType[*carelessExitError](err); ok {
		return careless.code
	}
	complain(stderr, err)
	if _, ok := errors.AsType[*experiment.RestoreError](err); ok {
		// A cluster that is left changed is worse news than the interruption.
		return exitError
	}
	if _, ok := errors.AsType[*guard.PanicError](err); ok {
		return exitError
	}
	if errors.Is(err, experiment.ErrInterrupted) {
		return exitInterrupted
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitError
}

// complain prints one line per problem. A failed write to stderr leaves nobody
// to tell.
func complain(stderr io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		_, _ = fmt.Fprintf(stderr, "shutdowncheck: %s\n", strings.TrimRight(line, "\n"))
	}
}
