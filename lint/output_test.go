package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/joshdk/go-junit"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark"

	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
)

var writers = map[string]func(io.Writer, *Report) error{
	"text": WriteText, "json": WriteJSON, "sarif": WriteSARIF, "junit": WriteJUnit, "markdown": WriteMarkdown,
}

func rendered(t *testing.T, r *Report, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := writers[format](&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// everyPart is a report with something in each of its parts.
func everyPart(t *testing.T) *Report {
	t.Helper()
	r := Lint(read(t, shop(3)+change(t,
		"metadata: {name: web, namespace: shop}", `metadata: {name: web, namespace: shop, annotations: {shutdowncheck.io/ignore: "no-prestop: drained <by> the mesh; no-such: why"}}`,
		lifecycle, "", readiness, "", replicas3, "  replicas: 1\n")))
	known := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Rule == "no-readiness-probe" })
	r.Known = append(r.Known, r.Findings[known])
	r.Findings = slices.Delete(r.Findings, known, known+1)
	r.Gone = []Identity{{Rule: "recreate", Kind: "Deployment", Name: "old", Field: "spec.strategy.type"}}
	r.Notes = []string{"services, for want of the right to list them"}
	r.Errors = []string{"bad.yaml:3: YAML: no such thing"}
	r.NotJudged = []NotJudged{{"argoproj.io/v1alpha1", "Rollout", 2}}
	if len(r.Ignored) != 1 || len(r.IdleIgnores) != 1 || len(r.Findings) == 0 {
		t.Fatalf("%+v", r)
	}
	return r
}

func TestEveryFormatTellsEveryPart(t *testing.T) {
	r := everyPart(t)
	for format := range writers {
		got := strings.NewReplacer("&lt;", "<", "&gt;", ">", `\u003c`, "<", "&#34;", `"`, `\"`, `"`).Replace(strings.Join(strings.Fields(rendered(t, r, format)), " "))
		want := []string{"bad.yaml:3: YAML", "no-prestop", "drained <by> the mesh", "no-such", "recreate", "want of the right", "Rollout", "argoproj.io/v1alpha1"}
		for _, f := range r.Findings {
			want = append(want, f.Rule)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s does not say %q:\n%s", format, w, got)
			}
		}
	}
}

// testdata/sarif-schema-2.1.0.json is the OASIS standard's own schema, of the errata 01,
// as github.com/owenrumney/go-sarif v3.3.1 has it in its sources.
func TestSARIFIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	hostile := Lint(read(t, change(t, preStop5, exec(`["/\u202edrain\u001b[2K"]`))))
	for name, r := range map[string]*Report{
		"every part": everyPart(t), "nothing": Lint(&Objects{}), "hostile": hostile,
		"a cluster": {Findings: []Finding{{Rule: "no-prestop", Severity: Error, Place: Place{Kind: "Deployment", Name: "web"}}}},
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(rendered(t, r, "sarif")))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if schema.Validate(map[string]any{"version": "2.1.0"}) == nil {
		t.Error("the schema takes anything")
	}
}

func sarif(t *testing.T, r *Report) sarifRun {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(rendered(t, r, "sarif")), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

func TestSARIFResults(t *testing.T) {
	run := sarif(t, everyPart(t))
	states := map[string]int{}
	for _, result := range run.Results {
		states[result.Level+" "+result.BaselineState]++
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
			t.Errorf("%s has the index of another rule", result.RuleID)
		}
		if at := result.Locations[0].Physical; at == nil || at.Artifact.URI != "web.yaml" || at.Region.StartLine == 0 {
			t.Errorf("%s is at %+v", result.RuleID, at)
		}
		if s := result.Suppressions; (len(s) == 1) != (result.RuleID == "no-prestop" && strings.Contains(result.Locations[0].Logical[0].FullyQualifiedName, "web")) {
			t.Errorf("%s is suppressed: %+v", result.RuleID, s)
		} else if len(s) == 1 && s[0] != (sarifSuppression{"inSource", "accepted", "drained <by> the mesh"}) {
			t.Errorf("%+v", s[0])
		}
	}
	if states["warning new"] == 0 || states["warning unchanged"] != 1 || states["note new"] == 0 {
		t.Errorf("%v", states)
	}
	for _, r := range run.Tool.Driver.Rules {
		if !strings.Contains(r.Help.Markdown, RulesURL) || r.HelpURI != RulesURL {
			t.Errorf("the help of %s does not lead to the docs", r.ID)
		}
	}
}

// Lines move and containers are put in front, and a finding stays the one it is.
func TestFingerprintsStay(t *testing.T) {
	before := change(t, lifecycle, "")
	after := "# a new line\n\n" + strings.Replace(before, "      containers:\n", "      containers:\n      - {name: first, image: first}\n", 1)
	prints := func(manifests string) string {
		results := sarif(t, Lint(read(t, manifests))).Results
		if len(results) != 1 {
			t.Fatalf("%d results, want 1", len(results))
		}
		return results[0].PartialFingerprints["primaryLocationLineHash"]
	}
	if a, b := prints(before), prints(after); a != b {
		t.Errorf("%s became %s", a, b)
	}
	if a, b := prints(before), prints(strings.ReplaceAll(before, "web, namespace", "api, namespace")); a == b {
		t.Errorf("two workloads share %s", a)
	}
}

// The help leads to a heading that is there.
func TestRulesURL(t *testing.T) {
	page, err := os.ReadFile("../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, anchor, _ := strings.Cut(RulesURL, "/docs/commands.md#")
	heading := "\n### " + strings.ReplaceAll(anchor, "-", " ") + "\n"
	if !strings.Contains(strings.ToLower(string(page)), heading) {
		t.Errorf("no heading for %s", RulesURL)
	}
}

func TestFileURI(t *testing.T) {
	for name, want := range map[string]string{
		"web.yaml": "web.yaml", "./a/../web.yaml": "web.yaml", "../a b/ü:%.yaml": "../a%20b/%C3%BC:%25.yaml", "/tmp/a b": "file:///tmp/a%20b", "a:b.yaml": "./a:b.yaml",
	} {
		if got := fileURI(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// What could not be read is no success in any format.
func TestErrorsAreNoSuccess(t *testing.T) {
	r := Lint(read(t, base))
	for format, success := range map[string]string{"sarif": `"executionSuccessful": true`, "markdown": ":white_check_mark:"} {
		r.Errors = nil
		if got := rendered(t, r, format); !strings.Contains(got, success) {
			t.Errorf("%s does not say %q without errors:\n%s", format, success, got)
		}
		r.Errors = []string{"bad.yaml:3: YAML: no such thing"}
		if got := rendered(t, r, format); strings.Contains(got, success) || !strings.Contains(got, "bad.yaml:3: YAML: no such thing") {
			t.Errorf("%s with an error:\n%s", format, got)
		}
	}
}

// The suite is green if and only if the exit code is 0.
func TestJUnit(t *testing.T) {
	r := everyPart(t)
	for _, failOn := range []Severity{Error, Warning} {
		r.FailOn = failOn
		whole := *r
		whole.Errors = nil
		if green := !strings.Contains(rendered(t, &whole, "junit"), "<failure"); green == r.Failed() {
			t.Errorf("%s: green %t, failed %t", failOn, green, r.Failed())
		}
		suites, err := junit.Ingest([]byte(rendered(t, r, "junit")))
		if err != nil || len(suites) != 1 {
			t.Fatal(suites, err)
		}
		totals, failed := suites[0].Totals, len(r.Errors)
		for _, f := range r.Findings {
			if rank(f.Severity) <= rank(failOn) {
				failed++
			}
		}
		if totals.Failed != failed || totals.Skipped != 2 || totals.Tests != len(r.Workloads)+len(r.Findings)+len(r.Errors)+2 {
			t.Errorf("%s: %+v, want %d failed", failOn, totals, failed)
		}
	}
}

// A name of a manifest becomes no markup, and the page stays short enough for a comment.
func TestMarkdown(t *testing.T) {
	hostile := "x` <img src=a onerror=b>\u202e\n# [a](http://evil.example) @everyone ```"
	f := Finding{
		Rule: "no-prestop", Severity: Warning, Workload: "deployment/" + hostile, Why: hostile, Fix: hostile, Patch: hostile,
		Place: Place{Kind: "Deployment", Name: hostile, Namespace: hostile, Container: hostile, File: hostile, Line: 1},
	}
	r := &Report{Findings: []Finding{f}, Notes: []string{hostile}, FailOn: Warning, Ignored: []IgnoredFinding{{Finding: f, Reason: hostile, From: hostile}}}
	var page bytes.Buffer
	if err := goldmark.Convert([]byte(rendered(t, r, "markdown")), &page); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<img", "<a href=\"http://evil", "\u202e", "<h1", "raw HTML"} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("%q in\n%s", bad, page.String())
		}
	}
	if text := rendered(t, Lint(read(t, shop(400))), "markdown"); utf8.RuneCountInString(text) > markdown.Limit || strings.Contains(text, "left out") || !strings.Contains(text, "more") {
		t.Errorf("%d characters of 400 workloads", len(text))
	}
	many := &Report{}
	for i := range 20_000 {
		f.Rule = strings.Repeat("r", 1+i%400)
		many.Findings = append(many.Findings, f)
		many.Ignored = append(many.Ignored, IgnoredFinding{Finding: f, Reason: strings.Repeat("w", i%50)})
	}
	if text := rendered(t, many, "markdown"); utf8.RuneCountInString(text) > markdown.Limit || !strings.Contains(text, "left out") {
		t.Errorf("%d characters", len(text))
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWritersTellErrors(t *testing.T) {
	for format, write := range writers {
		if write(broken{}, everyPart(t)) == nil {
			t.Errorf("%s is silent", format)
		}
	}
}
