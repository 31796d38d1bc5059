package render

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A stream of long requests is told as such, one of short ones by its name alone.
func TestTheKindOfAStreamIsTold(t *testing.T) {
	r := &report.Report{
		Verdict: report.Passed, Workload: "deployment/web", Namespace: "demo",
		Streams: []report.Stream{{Name: "fresh"}, {Name: "report", Kind: check.Slow}, {Name: "feed", Kind: check.Streaming}},
		Picture: &report.Picture{},
	}
	formats := map[string]struct {
		write func(io.Writer, *report.Report) error
		want  []string
	}{
		"JSON":     {JSON, []string{`"kind": "slow"`, `"kind": "streaming"`}},
		"text":     {func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) }, []string{"report (slow) ", "feed (streaming) "}},
		"Markdown": {Markdown, []string{"`report` (slow) |", "`feed` (streaming) |"}},
		"HTML":     {HTML, []string{"report (slow)<", "feed (streaming)<"}},
	}
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			if err := format.write(&text, r); err != nil {
				t.Fatal(err)
			}
			for _, want := range format.want {
				if !strings.Contains(text.String(), want) {
					t.Errorf("%q is missing", want)
				}
			}
			if strings.Contains(text.String(), "fresh (") {
				t.Error("the kind of short requests is told")
			}
		})
	}
}
