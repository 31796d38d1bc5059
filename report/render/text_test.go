package render

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestTextShowsNoControlCharacters(t *testing.T) {
	hostile := "web\x1b[2J\x07\u009b31m\r\n<script>"
	r := &report.Report{
		Verdict: report.Failed, Reasons: []string{hostile}, Namespace: hostile, Workload: hostile,
		Streams:      []report.Stream{{Name: hostile}},
		Terminations: []report.Termination{{Pod: hostile}},
		Findings:     []report.Finding{{Cause: report.Unknown, Pods: []string{hostile}, Evidence: []string{hostile}, Fix: report.Fix{Text: hostile, Patch: hostile}}},
		Warnings:     []report.Warning{{Text: hostile}},
	}
	var out bytes.Buffer
	if err := Text(&out, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range out.String() {
		if unicode.IsControl(c) && c != '\n' {
			t.Fatalf("%q in\n%q", c, out.String())
		}
	}
}

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
