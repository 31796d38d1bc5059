package check_test

import (
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// pages are the documentation for users, by path from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, path := range append(paths, "../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

var fencedYAML = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// Each check that the documentation shows can be carried out as it stands.
func TestTheDocumentedChecksAreChecks(t *testing.T) {
	found := 0
	for path, text := range pages(t) {
		for _, block := range fencedYAML.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(block[1], "kind: Check") {
				continue
			}
			found++
			if _, err := check.Read(path, []byte(block[1])); err != nil {
				t.Errorf("%v\nin\n%s", err, block[1])
			}
		}
	}
	if found < 7 {
		t.Errorf("%d checks were found, want that of the README and those of docs/checks.md", found)
	}
}

// The table of docs/checks.md has every field of a check, and no other.
func TestTheDocumentedFieldsAreThoseOfACheck(t *testing.T) {
	want := fieldPaths(reflect.TypeFor[check.Check](), "")
	var got []string
	_, table, _ := strings.Cut(pages(t)["../docs/checks.md"], "## Every field")
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		got = append(got, row[1])
	}
	for _, path := range want {
		if !slices.Contains(got, path) {
			t.Errorf("%s is missing", path)
		}
	}
	for _, path := range got {
		if !slices.Contains(want, path) {
			t.Errorf("there is no field %s", path)
		}
	}
}

// fieldPaths gives the fields that hold values, and the mappings without any, in
// the terms of a check file.
func fieldPaths(of reflect.Type, path string) []string {
	switch {
	case of.Kind() == reflect.Pointer:
		return fieldPaths(of.Elem(), path)
	case of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct && of.Elem() != reflect.TypeFor[check.Value]():
		return fieldPaths(of.Elem(), path+"[]")
	case of.Kind() != reflect.Struct || of == reflect.TypeFor[check.Workload]() || of == reflect.TypeFor[check.Value]() || of.NumField() == 0:
		return []string{path}
	}
	var paths []string
	for field := range of.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		paths = append(paths, fieldPaths(field.Type, strings.TrimPrefix(path+"."+key, "."))...)
	}
	return paths
}

var (
	// reason is what the judge says, as far as it is written out there.
	reason = regexp.MustCompile(`(?:add\(|Sprintf\(|doubt\([^"]*)\s*("(?:[^"\\]|\\.)*")`)
	verb   = regexp.MustCompile(`%\.?\d*[a-z]`)
)

// docs/reading.md has every reason for a verdict, in the judge's own words.
func TestEachReasonForAVerdictIsDocumented(t *testing.T) {
	var judge []byte
	for _, file := range []string{"../report/analysis/verdict.go", "../report/analysis/proof.go", "../report/analysis/validity.go", "../report/analysis/completeness.go", "../report/analysis/pace.go", "../report/analysis/own_budgets.go", "../report/analysis/latency_verdict.go", "../report/analysis/paths.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		judge = append(judge, source...)
	}
	page := strings.Join(strings.Fields(pages(t)["../docs/reading.md"]), " ")
	found := 0
	for _, literal := range reason.FindAllStringSubmatch(string(judge), -1) {
		for _, words := range verb.Split(strings.Trim(literal[1], `"`), -1) {
			// What is shorter joins others' words.
			if words = strings.Trim(words, " ,;:()"); len(strings.Fields(words)) < 3 {
				continue
			}
			found++
			if !strings.Contains(page, words) {
				t.Errorf("%q is missing", words)
			}
		}
	}
	if found < 15 {
		t.Errorf("%d phrases were found in report/analysis, want all of its reasons", found)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile("(?m)^#+ (.*)$")
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	// GitHub's anchors have letters, digits, '-' and '_'.
	unanchored = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// Each link within the repository leads somewhere, to a heading too.
func TestTheDocumentedPlacesAreThere(t *testing.T) {
	texts := pages(t)
	found := 0
	for path, text := range texts {
		for _, match := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			to, err := url.Parse(match[1])
			if err != nil || to.Scheme != "" {
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				continue
			}
			found++
			target := path
			if to.Path != "" {
				target = filepath.Join(filepath.Dir(path), to.Path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", path, match[1], err)
			} else if to.Fragment != "" && !slices.Contains(anchors(texts[target]), to.Fragment) {
				t.Errorf("%s: %s has no heading #%s", path, target, to.Fragment)
			}
		}
	}
	if found < 10 {
		t.Errorf("%d links were found, want more", found)
	}
}

// anchors are the names under which GitHub finds a page's headings.
func anchors(text string) []string {
	var names []string
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := unanchored.ReplaceAllString(strings.ToLower(match[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}
