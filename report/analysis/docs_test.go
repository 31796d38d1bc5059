package analysis

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// The documentation tells of each cause, in the words of the report, and of no
// other.
func TestEachCauseIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/causes.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## `")[1:] {
		name, body, _ := strings.Cut(section, "`\n\n")
		sections[name] = strings.Join(strings.Fields(body), " ")
	}
	for _, cause := range causes {
		want := strings.ToUpper(cause.says[:1]) + cause.says[1:] + "."
		if got := sections[string(cause.name)]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: its section begins with %.120q, want %q", cause.name, got, want)
		}
	}
	for name := range sections {
		if !slices.ContainsFunc(causes, func(c *cause) bool { return string(c.name) == name }) {
			t.Errorf("there is no cause %s", name)
		}
	}
}

// The table has the causes that a report may name, in their order.
func TestEachCauseIsInTheTable(t *testing.T) {
	var names []report.Cause
	for _, cause := range causes {
		names = append(names, cause.name)
	}
	if !slices.Equal(names, report.Causes) {
		t.Errorf("\n got %v\nwant %v", names, report.Causes)
	}
}

// The README's table has the same causes.
func TestREADMEListsTheCauses(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(text), -1)
	for _, cause := range report.Causes {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[1] == string(cause) }) {
			t.Errorf("%s is not in the README's table", cause)
		}
	}
}
