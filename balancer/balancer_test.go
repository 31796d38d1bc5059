package balancer

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestProfiles(t *testing.T) {
	var names []string
	for _, p := range Profiles {
		if p.Name == "" || p.Title == "" || p.Source == "" || p.Lag <= 0 || p.Evidence != Measured && p.Evidence != Reported {
			t.Errorf("incomplete: %+v", p)
		}
		if got, known := ByName(p.Name); !known || got != p {
			t.Errorf("%s leads to %+v", p.Name, got)
		}
		if slices.Contains(names, p.Name) {
			t.Errorf("%s is there twice", p.Name)
		}
		names = append(names, p.Name)
	}
	if !slices.IsSortedFunc(Profiles, func(a, b Profile) int { return int(a.Lag - b.Lag) }) {
		t.Error("the quickest are not first")
	}
	if p, known := ByName("none"); known {
		t.Errorf("found %+v", p)
	}
}

// docs/checks.md has the numbers of each kind of path, and where they are from.
func TestTheNumbersAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| name | what it is | goes on for | known from |\n|---|---|---|---|\n")
	for _, p := range Profiles {
		fmt.Fprintf(&table, "| `%s` | %s | %g s | %s: %s |\n", p.Name, p.Title, p.Lag.Seconds(), p.Evidence, p.Source)
	}
	if !strings.Contains(string(page), "\n\n"+table.String()+"\n") {
		t.Errorf("it has not this table:\n%s", table.String())
	}
}
