package render

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Each format says what lint had seen, and what became of it; notes that the run did not
// meet are counted alone.
func TestWhatLintSaidIsShown(t *testing.T) {
	r := cutAndShut()
	r.Workload, r.Namespace = "deployment/web", "demo"
	rule := func(name, severity, container string, outcome report.LintOutcome) report.LintFinding {
		return report.LintFinding{LintFinding: recording.LintFinding{Rule: name, Severity: severity, Object: "deployment/web", Container: container, Why: "Why <so>."}, Outcome: outcome}
	}
	r.Lint = &report.Lint{Findings: []report.LintFinding{
		rule("no-prestop", "warning", "app", report.LintConfirmed),
		rule("recreate", "error", "", report.LintNotTried),
		rule("no-budget", "note", "", report.LintNotMet),
		rule("headless", "note", "", report.LintSeen),
	}, Notes: []string{"services, for want of the right to list them"}}
	r.Findings[0].Foreseen = []string{"no-prestop"}
	wants := []string{
		"no-prestop (warning, container app): Confirmed, it cost requests. Why <so>.",
		"recreate (error, deployment/web): Not tried: nothing in this run could show it. Why <so>.",
		"headless (note, deployment/web): Seen, at no cost this time. Why <so>.",
		"1 more note: shutdowncheck lint deployment/web -n demo. Not looked at: services, for want of the right to list them",
		"lint sees it in the manifest: no-prestop",
	}
	for name, write := range map[string]func(io.Writer, *report.Report) error{
		"text":     func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) },
		"Markdown": Markdown,
		"HTML":     HTML,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := write(&out, r); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(strings.Fields(strings.NewReplacer("&lt;", "<", "&gt;", ">", "\\", "").Replace(out.String())), " ")
			for _, want := range wants {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, out.String())
				}
			}
			if strings.Contains(got, "no-budget") {
				t.Error("a note that the run did not meet is shown")
			}
		})
	}
}
