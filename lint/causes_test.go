package lint

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// docs/causes.md says of each cause which rules see it in a manifest, so that the two
// tables are one.
func TestTheRulesOfEachCauseAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/causes.md")
	if err != nil {
		t.Fatal(err)
	}
	byCause := map[report.Cause][]string{}
	for i := range allRules {
		byCause[allRules[i].cause] = append(byCause[allRules[i].cause], "`"+allRules[i].id+"`")
	}
	for _, section := range strings.Split(string(page), "\n## `")[1:] {
		name, text, _ := strings.Cut(section, "`")
		rules := byCause[report.Cause(name)]
		slices.Sort(rules)
		want := ""
		if len(rules) > 0 {
			want = "- **Seen beforehand** by [lint](commands.md#lint-what-the-manifest-alone-tells): " + strings.Join(rules, ", ") + "."
		}
		said := ""
		if at := strings.Index(text, "- **Seen beforehand**"); at >= 0 {
			said = strings.Join(strings.Fields(text[at:]), " ")
		}
		if said != want {
			t.Errorf("%s\n got %s\nwant %s", name, said, want)
		}
		delete(byCause, report.Cause(name))
	}
	for cause, rules := range byCause {
		if cause != "" {
			t.Errorf("%s has no section, and rules %v", cause, rules)
		}
	}
}
