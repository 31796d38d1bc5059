package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestExitCode(t *testing.T) {
	broken := errors.New("the disk is full")
	wrong := usagef("--rate: 0")
	tests := map[string]struct {
		err    error
		code   int
		stderr string
	}{
		"passed":             {nil, 0, ""},
		"failed":             {&verdictError{report.Failed}, 1, ""},
		"inconclusive":       {&verdictError{report.Inconclusive}, 3, ""},
		"an unknown verdict": {&verdictError{"odd"}, 3, ""},
		"wrapped verdict":    {fmt.Errorf("judged: %w", &verdictError{report.Failed}), 1, ""},
		"usage":              {wrong, 2, "shutdowncheck: --rate: 0\n"},
		"wrapped usage":      {fmt.Errorf("read the flags: %w", wrong), 2, "shutdowncheck: read the flags: --rate: 0\n"},
		"tool":               {broken, 4, "shutdowncheck: the disk is full\n"},
		"two problems":       {errors.Join(broken, broken), 4, "shutdowncheck: the disk is full\nshutdowncheck: the disk is full\n"},
		"interrupted":        {experiment.ErrInterrupted, 130, "shutdowncheck: interrupted\n"},
		"interrupted, and a problem": {
			errors.Join(experiment.ErrInterrupted, broken), 130, "shutdowncheck: interrupted\nshutdowncheck: the disk is full\n",
		},
		"interrupted, not put back": {
			errors.Join(experiment.ErrInterrupted, &experiment.RestoreError{Err: broken}), 4,
			"shutdowncheck: interrupted\nshutdowncheck: put the workload back: the disk is full\n",
		},
		"interrupted while looking at the flags": {
			errors.Join(wrong, experiment.ErrInterrupted), 130, "shutdowncheck: --rate: 0\nshutdowncheck: interrupted\n",
		},
		// Only the user interrupts; a context may be canceled for other reasons.
		"canceled": {context.Canceled, 4, "shutdowncheck: context canceled\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			if code := exitCode(test.err, &stderr); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if stderr.String() != test.stderr {
				t.Errorf("said %q, want %q", stderr.String(), test.stderr)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	goesOn := t.Context()
	ended, end := context.WithCancel(t.Context())
	end()
	broken := errors.New("no answer")
	tests := map[string]struct {
		ctx  context.Context
		err  error
		want string
	}{
		"success":                  {goesOn, nil, ""},
		"failure":                  {goesOn, broken, "no answer"},
		"ended before it was seen": {ended, nil, "interrupted"},
		"ended and failed":         {ended, broken, "interrupted: no answer"},
		"told by the run":          {ended, experiment.ErrInterrupted, "interrupted"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := interrupted(test.ctx, test.err)
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if errors.Is(err, experiment.ErrInterrupted) != (test.ctx.Err() != nil) {
				t.Errorf("%v is taken for something else", err)
			}
		})
	}
}
