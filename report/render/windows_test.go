package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// windowed is a report of one end with a window.
func windowed() *report.Report {
	span := &report.Span{From: report.Duration(4900 * time.Millisecond), To: report.Duration(5 * time.Second)}
	return &report.Report{
		Verdict: report.Passed, Workload: "deployment/web",
		Terminations: []report.Termination{{Pod: "web-1", Margins: report.Margins{Outlasts: span}}, {Pod: "web-2"}},
		Windows: &report.Windows{Ends: 1, Measured: 1, Shortest: span, Paths: []report.Path{
			{Name: "kube-proxy", Title: "kube-proxy", Needs: report.Duration(1500 * time.Millisecond), Evidence: "measured", Source: "kind", Outcome: report.PathHolds},
			{Name: "alb", Title: "an ALB", Needs: report.Duration(25 * time.Second), Evidence: "reported", Source: "somebody", Outcome: report.PathLoses},
		}},
	}
}

// Each format says for how long pods went on, and what that is enough for; or why that is
// not known; or nothing.
func TestWindows(t *testing.T) {
	unmeasured, unknown, nobody := windowed(), windowed(), windowed()
	unmeasured.Windows = &report.Windows{Unmeasured: "no way"}
	unknown.Windows.Shortest, unknown.Windows.Measured, unknown.Windows.Ends = nil, 1, 2
	nobody.Windows = nil
	for name, write := range map[string]func(*bytes.Buffer, *report.Report) error{
		"text":     func(w *bytes.Buffer, r *report.Report) error { return Text(w, r, TextOptions{}) },
		"markdown": func(w *bytes.Buffer, r *report.Report) error { return Markdown(w, r) },
		"page":     func(w *bytes.Buffer, r *report.Report) error { return HTML(w, r) },
	} {
		for _, tt := range []struct {
			report     *report.Report
			says, hush []string
		}{
			{windowed(), []string{"the first to stop did so after 4.9s to 5s", "outlasts", "kube-proxy", "holds", "25s", "loses", "reported: somebody", "forecast"}, []string{"not measured"}},
			{unmeasured, []string{"was not measured: no way"}, []string{"holds", "forecast"}},
			{unknown, []string{"is known of 1 of 2 ends"}, []string{"at the least"}},
			{nobody, nil, []string{"utlasts", "own addresses", "forecast"}},
		} {
			var got bytes.Buffer
			if err := write(&got, tt.report); err != nil {
				t.Fatal(err)
			}
			said, _, _ := strings.Cut(strings.Join(strings.Fields(got.String()), " "), `id="data"`)
			for _, words := range tt.says {
				if !strings.Contains(said, words) {
					t.Errorf("%s does not say %q:\n%s", name, words, said)
				}
			}
			for _, words := range tt.hush {
				if strings.Contains(said, words) {
					t.Errorf("%s says %q", name, words)
				}
			}
		}
	}
}

// Whether a pod stopped before or after it had left its slice is said in words, not by a sign.
func TestTheFirstToStop(t *testing.T) {
	for words, span := range map[string]report.Span{
		"did so before it had left its EndpointSlice, by 50ms to 152ms (1 end)": {From: -152e6, To: -50e6},
		"did so before it had left its EndpointSlice, by 50ms (1 end)":          {From: -50e6, To: -50e6},
		"no more than 152ms before and no more than 50ms after that (1 end)":    {From: -152e6, To: 50e6},
		"no more than 152ms before and no more than 0s after that (1 end)":      {From: -152e6, To: 0},
		"did so after 0s to 50ms (1 end)":                                       {From: 0, To: 50e6},
	} {
		r := windowed()
		r.Windows.Shortest = &span
		if line := windowsLine(r); !strings.Contains(line, words) || strings.Contains(line, "-") {
			t.Errorf("%v: %q, want %q", span, line, words)
		}
	}
}
