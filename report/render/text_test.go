package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestTextBeginsWithTheVerdict(t *testing.T) {
	for verdict, want := range map[report.Verdict]string{
		report.Passed: "PASSED  ", report.Failed: "FAILED  ", report.Inconclusive: "INCONCLUSIVE  ",
	} {
		var plain, colored bytes.Buffer
		r := &report.Report{Verdict: verdict, Workload: "deployment/web", Namespace: "demo"}
		if err := Text(&plain, r, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := Text(&colored, r, TextOptions{Color: true}); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(plain.String(), want) || !strings.HasPrefix(colored.String(), "\x1b[") {
			t.Errorf("%q, %q", plain.String(), colored.String())
		}
	}
}
