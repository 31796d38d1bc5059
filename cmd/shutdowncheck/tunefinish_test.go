package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/tune"
)

// confirmedTuning is one whose settings a run has confirmed.
func confirmedTuning() *tune.Result {
	return &tune.Result{
		Outcome: tune.Found, Confirmed: true, Workload: "deployment/web", Namespace: "shop", Container: "web", Measured: &tune.Measured{},
		Settings: &tune.Ending{PreStop: "a preStop sleep of 5 s", Grace: 30}, Patch: `{"spec":{}}`, Runs: []tune.Run{{Name: "confirm", Folder: "confirm"}},
	}
}

// What a step after the confirming run fails with is the exit code; the settings that were
// confirmed are told and kept all the same, and none that were not.
func TestATuningTellsWhatWasConfirmed(t *testing.T) {
	t.Parallel()
	left := &experiment.RestoreError{Err: &chaos.LeftError{Object: "deployment/web", What: "the pods have this run's grace period", Restore: "shutdowncheck restore", Err: errors.New("frozen")}}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx    context.Context
		result *tune.Result
		failed error
		told   bool
		code   int
		// says is what stderr has to tell.
		says string
	}{
		"found":                        {t.Context(), confirmedTuning(), nil, true, exitPassed, ""},
		"a later run that failed":      {t.Context(), confirmedTuning(), errors.New("the disk is full"), true, exitError, ""},
		"what cannot be put back":      {t.Context(), confirmedTuning(), left, true, exitError, ""},
		"interrupted in a later run":   {canceled, confirmedTuning(), experiment.ErrInterrupted, true, exitInterrupted, ""},
		"a later run that was refused": {t.Context(), confirmedTuning(), &chaos.PlanError{Field: &check.FieldError{Field: "workload", Problem: "it is paused"}}, true, exitError, ""},
		"taken back before a run":      {t.Context(), &tune.Result{Outcome: tune.Untunable}, nil, true, exitFailed, ""},
		"refused, and left changed": {
			ctx: t.Context(), result: confirmedTuning(), told: true, code: exitError, says: "shutdowncheck restore",
			failed: errors.Join(&chaos.PlanError{Field: &check.FieldError{Field: "workload", Problem: "it is paused"}}, left),
		},
		"refused at once, and left changed": {
			ctx: t.Context(), code: exitError, says: "shutdowncheck restore",
			failed: errors.Join(&chaos.PlanError{Field: &check.FieldError{Field: "workload", Problem: "it is paused"}}, left),
		},
		"failed before":              {t.Context(), &tune.Result{Runs: []tune.Run{{Name: "measure"}}}, errors.New("the disk is full"), false, exitError, ""},
		"refused at the first look":  {t.Context(), nil, &chaos.PlanError{Field: &check.FieldError{Field: "workload", Problem: "it is paused"}}, false, exitUsage, ""},
		"unfit when it was to begin": {t.Context(), &tune.Result{}, &chaos.PlanError{Field: &check.FieldError{Field: "workload", Problem: "it is paused"}}, false, exitUsage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			dir := t.TempDir()
			c := &tuneCommand{runCommand: runCommand{streams: streams{out: &stdout, err: &stderr}, format: newFormatFlag(formatText, formatJSON)}}
			if code := exitCode(c.finish(tt.ctx, tt.result, tt.failed, dir), &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, &stderr)
			}
			if !strings.Contains(stderr.String(), tt.says) {
				t.Errorf("it does not tell of %q: %s", tt.says, &stderr)
			}
			confirmed := tt.result != nil && tt.result.Confirmed
			if patched := strings.Contains(stdout.String(), "kubectl patch deployment/web -n shop"); patched != confirmed || (stdout.Len() > 0) != tt.told {
				t.Errorf("it says: %s", &stdout)
			}
			data, err := os.ReadFile(filepath.Join(dir, "tuning.json"))
			var kept tune.Result
			if tt.told {
				err = errors.Join(err, json.Unmarshal(data, &kept))
			}
			if kept.Confirmed != confirmed || (err == nil) != tt.told {
				t.Errorf("tuning.json: %v, %s", err, data)
			}
		})
	}
}

// A confirmed result that cannot be saved is told, and so is that.
func TestATuningThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	c := &tuneCommand{runCommand: runCommand{streams: streams{out: &stdout, err: &stderr}, format: newFormatFlag(formatText, formatJSON)}}
	err := c.finish(t.Context(), confirmedTuning(), nil, filepath.Join(t.TempDir(), "gone"))
	if _, verdict := errors.AsType[*verdictError](err); err == nil || verdict || !strings.Contains(stdout.String(), "Patch:") {
		t.Errorf("%v; it says: %s", err, &stdout)
	}
}
