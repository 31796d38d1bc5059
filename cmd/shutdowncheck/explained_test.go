package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// What the cluster shows to be wrong is told in the words of whoever asked: a flag's, or
// the file's.
func TestExplainedNamesTheFlag(t *testing.T) {
	misnamed := fmt.Errorf("look at the workload: %w", &check.FieldError{Field: "target.service", Problem: "there is no service wbe in namespace shop"})
	restore := &experiment.RestoreError{Err: misnamed}
	for name, tt := range map[string]struct {
		file string
		err  error
		want string
	}{
		"a flag":                  {"", misnamed, "--service: there is no service wbe in namespace shop"},
		"a file":                  {"check.yaml", misnamed, "check.yaml: " + misnamed.Error()},
		"something else":          {"", errors.New("connection refused"), "connection refused"},
		"a cluster left as it is": {"", restore, restore.Error()},
	} {
		r := runCommand{check: checkFlags{file: tt.file}}
		if got := r.explained(tt.err).Error(); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}
