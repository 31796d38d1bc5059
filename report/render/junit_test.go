package render

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// The evidence of a finding and its fix stand once, in the case of the budget, however
// many streams and disruptions it is about; these name it.
func TestJUnitTellsAFindingOnce(t *testing.T) {
	r := &report.Report{
		Verdict: report.Failed, Reasons: []string{"2 of 20 requests failed"}, Workload: "deployment/web", Namespace: "demo",
		Streams: []report.Stream{
			{Name: "one", Sent: 10, OK: 9, Failed: 1}, {Name: "two", Sent: 5, OK: 4, Failed: 1}, {Name: "three", Sent: 5, OK: 5},
		},
		Disruptions: []report.Disruption{{Kind: "restart", Terminated: []string{"web-1"}}, {Kind: "delete", Terminated: []string{"web-2"}}},
		Findings: []report.Finding{{
			Cause: report.NoDrain, Says: "the pod exits", Confidence: report.Certain, Failed: 2, Streams: []string{"one", "two"}, Pods: []string{"web-1"},
			Phase: "at the exit", Evidence: []string{"the evidence"}, Fix: report.Fix{Text: "the fix"},
		}},
	}
	var out strings.Builder
	if err := JUnit(&out, r); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]int{
		"the evidence&#xA;":                   1,
		"Fix: the fix":                        1,
		"no-drain (certain): 2 requests":      4, // the budget, two streams, a disruption
		"&#34;budget&#34; has the":            3,
		"requests failed when its pods ended": 1,
	} {
		if got := strings.Count(out.String(), words); got != want {
			t.Errorf("%q stands %d times, want %d, in\n%s", words, got, want, out.String())
		}
	}
}
