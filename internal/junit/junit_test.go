package junit

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	suite := &Suite{
		Name: "s\x1b", Began: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), Took: 1500 * time.Millisecond, Out: []string{"a", "b\u202e"},
		Cases: []Case{
			{Class: []string{"top", "", "deployment/web"}, Name: "passes", Took: new(time.Duration(0))},
			{Name: "fails", Failure: &Result{Message: "why", Type: "warning", Lines: []string{"<a>", "b"}}},
			{Name: "breaks", Error: &Result{Message: "x"}},
			{Name: "skipped", Skipped: &Result{Message: "y"}, Out: []string{"z"}},
		},
	}
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="s` + "\ufffd" + `" tests="4" failures="1" errors="1" skipped="1" time="1.500" timestamp="2026-01-02T02:04:05">
  <testcase classname="top.deployment.web" name="passes" time="0.000"></testcase>
  <testcase classname="" name="fails">
    <failure message="why" type="warning">&lt;a&gt;&#xA;b</failure>
  </testcase>
  <testcase classname="" name="breaks">
    <error message="x"></error>
  </testcase>
  <testcase classname="" name="skipped">
    <skipped message="y"></skipped>
    <system-out>z</system-out>
  </testcase>
  <system-out>a&#xA;b` + "\ufffd" + `</system-out>
</testsuite>
`
	var got strings.Builder
	if err := Write(&got, suite); err != nil || got.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got.String(), want)
	}
	if Write(broken{}, suite) == nil {
		t.Error("silent about a write that failed")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }
