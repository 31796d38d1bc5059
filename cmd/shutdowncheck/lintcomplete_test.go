package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The shell completes the values of the flags that have few.
func TestLintCompletesValues(t *testing.T) {
	for flag, want := range map[string][]string{
		"--output":  {"text", "json", "sarif", "junit", "markdown"},
		"--fail-on": {"error", "warning"},
	} {
		var out bytes.Buffer
		root := newRoot(streams{out: &out, err: &bytes.Buffer{}})
		root.SetArgs([]string{cobra.ShellCompNoDescRequestCmd, "lint", flag, ""})
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Fields(out.String()); !slices.Equal(got[:len(got)-1], want) {
			t.Errorf("%s: %q, want %q", flag, got, want)
		}
	}
}
