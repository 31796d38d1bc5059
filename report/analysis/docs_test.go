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
	sections := map[report.Cause]string{}
	for _, section := range strings.Split(string(text), "\n## `")[1:] {
		name, body, _ := strings.Cut(section, "`\n\n")
		sections[report.Cause(name)] = strings.Join(strings.Fields(body), " ")
	}
	for _, cause := range report.Causes {
		want := strings.ToUpper(causeNamed(cause).says[:1]) + causeNamed(cause).says[1:] + "."
		if got := sections[cause]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: its section begins with %.120q, want %q", cause, got, want)
		}
	}
	for cause := range sections {
		if !slices.Contains(report.Causes, cause) {
			t.Errorf("there is no cause %s", cause)
		}
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
