package render

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Whoever reads a report is told before its reasons that a balancer was played, and which.
func TestABalancerIsToldFirst(t *testing.T) {
	r := &report.Report{Verdict: report.Failed, Workload: "deployment/web", Namespace: "shop", Reasons: []string{"it lost much"}}
	for name, write := range map[string]func(io.Writer, *report.Report) error{
		"text":     func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) },
		"Markdown": Markdown,
		"HTML":     HTML,
		"JSON":     JSON,
	} {
		for _, says := range []string{"", "a balancer was played (alb)"} {
			if r.Via = nil; says != "" {
				r.Via = &report.Via{Says: says}
			}
			var written bytes.Buffer
			if err := write(&written, r); err != nil {
				t.Fatal(err)
			}
			text := written.String()
			at, reasons := strings.Index(text, "a balancer was played (alb)"), strings.Index(text, "it lost much")
			if says == "" && (at >= 0 || strings.Contains(strings.ToLower(text), "via:")) {
				t.Errorf("%s tells of a balancer that was not played:\n%s", name, text)
			}
			if says != "" && (at < 0 || name != "JSON" && at > reasons) {
				t.Errorf("%s does not tell of it first:\n%.2000s", name, text)
			}
		}
	}
}
