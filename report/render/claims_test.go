package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// That nothing was lost is said where it is known, and nowhere else.
func TestLossesHead(t *testing.T) {
	answered := report.Stream{Name: "new", Sent: 5, OK: 5}
	tests := map[string]struct {
		report report.Report
		want   string
	}{
		"a pass":                       {report.Report{Verdict: report.Passed, Streams: []report.Stream{answered}}, "Nothing was lost"},
		"nothing was proven":           {report.Report{Verdict: report.Inconclusive, Streams: []report.Stream{answered}}, "No request failed, which proves nothing here"},
		"too slow":                     {report.Report{Verdict: report.Failed, Streams: []report.Stream{answered}}, "No request failed"},
		"nothing was sent":             {report.Report{Verdict: report.Inconclusive, Streams: []report.Stream{{Name: "new"}}}, "No request was sent"},
		"on our own side":              {report.Report{Verdict: report.Inconclusive, Streams: []report.Stream{{Name: "new", Sent: 1, Client: 1}}}, "Requests failed on this tool&#39;s own side"},
		"what failed has no finding":   {report.Report{Verdict: report.Inconclusive, Streams: []report.Stream{{Name: "new", Sent: 1, Failed: 1}}}, "Requests failed, and no cause is known"},
		"findings are those of losses": {report.Report{Verdict: report.Failed, Findings: []report.Finding{{}}}, "Why requests failed, and what to change"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := page(t, &tt.report); !strings.Contains(got, `<h2 id="findings">`+tt.want+"</h2>") {
				t.Errorf("the findings are not headed %q", tt.want)
			}
		})
	}
}

// A run that did not come to its end has seen a part of what it was to see.
func TestPowerOfACompleteRun(t *testing.T) {
	r := &report.Report{Streams: []report.Stream{{Name: "new"}}, Power: map[string]report.Duration{"new": report.Duration(46 * time.Millisecond)}}
	for _, complete := range []bool{true, false} {
		r.Validity.Complete = complete
		said := strings.Contains(textOf(t, r), "46ms by new")
		if inPage := strings.Contains(page(t, r), "<td>46ms</td>"); said != complete || inPage != complete {
			t.Errorf("complete %t: told in the text %t, in the page %t", complete, said, inPage)
		}
	}
}

// What happened before a deletion was seen has no time since then.
func TestSinceSeen(t *testing.T) {
	for want, d := range map[string]*report.Duration{
		"?":      nil,
		"before": new(report.Duration(-66 * time.Millisecond)),
		"0s":     new(report.Duration(0)),
		"66ms":   new(report.Duration(66 * time.Millisecond)),
	} {
		r := &report.Report{Terminations: []report.Termination{{Pod: "web-1", Margins: report.Margins{LastAnswer: d}}}}
		if got := sinceSeen(d); got != want || !strings.Contains(textOf(t, r), want) || !strings.Contains(page(t, r), "<td>"+want+"</td>") {
			t.Errorf("got %q, want %q in each format:\n%s", got, want, textOf(t, r))
		}
	}
}

func TestEachFormatTellsWhatWasPutBack(t *testing.T) {
	const back = "node n1 uncordoned"
	r := &report.Report{Disruptions: []report.Disruption{{Kind: "drain", Changes: []string{"node n1 cordoned"}, Restored: []string{back}}}}
	var markdown bytes.Buffer
	if err := Markdown(&markdown, r); err != nil {
		t.Fatal(err)
	}
	for format, got := range map[string]string{"text": textOf(t, r), "markdown": markdown.String(), "page": page(t, r)} {
		if !strings.Contains(got, "put back") || !strings.Contains(got, back) {
			t.Errorf("%s does not tell what was put back:\n%s", format, got)
		}
	}
}

// The legend explains marks where there are some.
func TestLegendOfMarks(t *testing.T) {
	r := &report.Report{Streams: []report.Stream{{Name: "new"}}, Picture: &report.Picture{Series: []report.Series{{Step: report.Duration(time.Second)}}}}
	const entry = `<i class="mark">`
	if strings.Contains(page(t, r), entry) {
		t.Error("a legend of marks that are not in the picture")
	}
	r.Picture.Finding = []int{-1}
	r.Picture.Failures = []report.Failure{{Stream: "new", Sent: time.Unix(1e9, 0), Ended: time.Unix(1e9, 0)}}
	if !strings.Contains(page(t, r), entry) {
		t.Error("no legend of the marks in the picture")
	}
}

// Whether answers name their pods is not known of a service that gave none.
func TestNamesOfNoAnswer(t *testing.T) {
	r := &report.Report{Streams: []report.Stream{{Name: "new", Sent: 9, Failed: 9}}}
	const unnamed = "Answers did not name their pods"
	if strings.Contains(page(t, r), unnamed) {
		t.Error("of no answer it is said that it did not name its pod")
	}
	r.Streams[0].OK = 1
	if !strings.Contains(page(t, r), unnamed) {
		t.Error("not told that answers name no pod")
	}
}
