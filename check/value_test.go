package check_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestShownURL(t *testing.T) {
	tests := map[string]string{
		"http://web/a/b":                        "http://web/a/b",
		"http://web/?token=s3cret&size=l%20l":   "http://web/?token=(hidden, 6 bytes)&size=(hidden, 3 bytes)",
		"http://web/?s3cret":                    "http://web/?(hidden, 6 bytes)",
		"http://me:s3cret@web:80/x?a=b#s3cret":  "http://web:80/x?a=(hidden, 1 byte)",
		"http://me:s3:cr@et@web/":               "http://web/",
		"http://web/?token=(hidden, 600 bytes)": "http://web/?token=(hidden, 600 bytes)",
		"":                                      "",
	}
	for raw, want := range tests {
		if got := check.ShownURL(raw); got != want {
			t.Errorf("%s is shown as %s, want %s", raw, got, want)
		}
	}
}

// fill puts a canary into every text of a check, and one element into every list.
func fill(v reflect.Value, path string, canaries *[]string) {
	canary := func() string {
		text := fmt.Sprintf("canary-%d-of-%s", len(*canaries), strings.ToLower(path))
		*canaries = append(*canaries, path)
		return text
	}
	switch {
	case v.Type() == reflect.TypeFor[check.Value]():
		v.Set(reflect.ValueOf(check.NewValue(canary())))
	case v.Kind() == reflect.String && strings.HasSuffix(path, ".url"):
		v.SetString("http://" + canary() + "/?q=" + canary() + "-query")
	case v.Kind() == reflect.String && path == "window.path":
		v.SetString("/" + canary() + "?q=" + canary() + "-query")
	case v.Kind() == reflect.String:
		v.SetString(canary())
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path, canaries)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i), canaries)
		}
	case v.Kind() == reflect.Struct:
		for field := range v.Type().Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fill(v.FieldByIndex(field.Index), strings.TrimPrefix(path+"."+key, "."), canaries)
		}
	}
}

var (
	hiddenRow = regexp.MustCompile("(?m)^\\| (`[^|]*) \\|[^|]*\\| (hidden|never) \\| (shown|never) \\|$")
	fieldPath = regexp.MustCompile("`([a-z]+[.\\[][^`]*)`")
)

// documentedAsHidden gives the fields of a check that docs/recorded.md calls hidden,
// with "always" before those that nothing shows.
func documentedAsHidden(t *testing.T) map[string]bool {
	t.Helper()
	fields := map[string]bool{}
	for _, row := range hiddenRow.FindAllStringSubmatch(pages(t)["../docs/recorded.md"], -1) {
		for _, path := range fieldPath.FindAllStringSubmatch(row[1], -1) {
			fields[path[1]] = true
			if row[3] == "never" {
				fields["always "+path[1]] = true
			}
		}
	}
	return fields
}

// Of every text that a check can hold, a recording hides what docs/recorded.md says.
func TestOnlyTheseTextsOfACheckAreHidden(t *testing.T) {
	hidden := map[string]bool{}
	for _, show := range []bool{false, true} {
		var c check.Check
		var paths []string
		fill(reflect.ValueOf(&c).Elem(), "", &paths)
		c.Workload.Kind = check.Deployment
		text, err := json.Marshal(c.Recorded(show))
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range paths {
			if strings.Contains(string(text), fmt.Sprintf("canary-%d-of-", i)) || strings.HasPrefix(path, "workload.") {
				continue
			}
			kept := strings.NewReplacer("[0]", "[]", "[1]", "[]").Replace(path)
			if show {
				kept = "always " + kept
			}
			hidden[kept] = true
		}
		// What is recorded is a check again, and its second form is its first.
		var back check.Check
		c.Workload = check.Workload{Kind: check.Deployment, Name: "web"}
		text, err = json.Marshal(c.Recorded(show))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(back)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("read back and written again it is\n%s\nwant\n%s", again, text)
		}
		if printed := fmt.Sprintf("%v %+v", c.Streams[0].Body.Text, c.Disruptions[0].Command); strings.Contains(printed, "canary") {
			t.Errorf("printed as %s", printed)
		}
	}
	want := documentedAsHidden(t)
	if len(want) < 10 {
		t.Errorf("docs/recorded.md has but %v", want)
	}
	if !reflect.DeepEqual(hidden, want) {
		t.Errorf("hidden are %v, want %v", hidden, want)
	}
}
