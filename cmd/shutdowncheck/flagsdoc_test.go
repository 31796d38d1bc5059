package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// docs/commands.md lists every flag of a check with its default.
func TestEveryFlagIsDocumented(t *testing.T) {
	document, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(checkFlags).add(flags)
	flags.VisitAll(func(flag *pflag.Flag) {
		for line := range strings.Lines(string(document)) {
			if strings.HasPrefix(line, "| ") && strings.Contains(line, "`--"+flag.Name+"`") {
				shown := !slices.Contains([]string{"", "false", "0s"}, flag.DefValue)
				if shown && !strings.Contains(strings.ReplaceAll(line, "5m ", "5m0s "), flag.DefValue) {
					t.Errorf("--%s: the default is %s, the document says %s", flag.Name, flag.DefValue, line)
				}
				return
			}
		}
		t.Errorf("--%s is missing", flag.Name)
	})
}
