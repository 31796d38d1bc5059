package render

import (
	"bytes"
	"slices"
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

func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"Do it.":                            "Do it.",
		"Do it. Then do that.":              "Do it.",
		"A sleep of 9 s. The last.":         "A sleep of 9 s.",
		"Wait 3.5 s or so. Be kind.":        "Wait 3.5 s or so.",
		"Use a hook, e.g. a sleep. Set it.": "Use a hook, e.g. a sleep.",
		"Two\nlines.\nMore.":                "Two\nlines.",
		"No end":                            "No end",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// cutAndShut is a report with two causes in three parts of the termination.
func cutAndShut() *report.Report {
	shut := report.Fix{Text: "Keep accepting until the cluster has stopped sending: a preStop sleep of 4 s. The last one came late."}
	since := &report.Span{}
	return &report.Report{
		Verdict: report.Failed, Reasons: []string{"6 of 9 requests failed"},
		Streams: []report.Stream{{Name: "short-new"}},
		Findings: []report.Finding{
			{Cause: report.ListenerClosedEarly, Confidence: report.Certain, Failed: 3, Phase: "after the exit", SinceSigterm: since, Fix: shut},
			{Cause: report.NoDrain, Confidence: report.Likely, Failed: 2, Phase: "at the exit", Fix: report.Fix{Text: "Handle SIGTERM. Let requests stop first."}},
			{Cause: report.ListenerClosedEarly, Confidence: report.Likely, Failed: 1, Phase: "between SIGTERM and exit", Fix: shut},
		},
		Warnings:     []report.Warning{{Text: "it has one replica"}, {Cause: report.GraceTooShort, Text: "web-1 exited late"}},
		Disruptions:  []report.Disruption{{Kind: "restart"}},
		Terminations: []report.Termination{{Pod: "web-1"}},
	}
}

const inShort = `FAILED   in namespace 
  - 6 of 9 requests failed

  1. listener-closed-early (certain): 3 requests failed after the exit
     Fix: Keep accepting until the cluster has stopped sending: a preStop sleep
          of 4 s.
  2. no-drain (likely): 2 requests failed at the exit
     Fix: Handle SIGTERM.
  3. listener-closed-early (likely): 1 request failed between SIGTERM and exit
     Fix: the same as for 1.

  stream `

func TestTextAnswersFirst(t *testing.T) {
	r := cutAndShut()
	if got := textOf(t, r); !strings.HasPrefix(got, inShort) {
		t.Errorf("%s\nwant\n%s", got, inShort)
	} else if !inOrder(got, inShort, "\n1. listener", "\n3. listener", "Warning: it has", "restart: ", "web-1  ") {
		t.Errorf("not in order:\n%s", got)
	}

	// One finding alone is not said twice.
	r.Findings = r.Findings[:1]
	if got := textOf(t, r); strings.Count(got, "listener-closed-early") != 1 || strings.Count(got, "Fix: ") != 1 {
		t.Errorf("said twice:\n%s", got)
	}
}

func TestMarkdownAnswersFirst(t *testing.T) {
	const answer = "- **1.** `listener-closed-early` (certain): 3 requests failed after the exit. **Fix:** Keep accepting until the cluster has stopped sending: a preStop sleep of 4 s.\n" +
		"- **2.** `no-drain` (likely): 2 requests failed at the exit. **Fix:** Handle SIGTERM.\n" +
		"- **3.** `listener-closed-early` (likely): 1 request failed between SIGTERM and exit. **Fix:** the same as for 1.\n"
	markdown := func(r *report.Report) string {
		var out bytes.Buffer
		if err := Markdown(&out, r); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	r := cutAndShut()
	if got := markdown(r); !inOrder(got, "### :x:", "- 6 of 9", answer, "| stream |", "#### 1.", "2 warnings", "1 disruption", "1 termination") {
		t.Errorf("not in order:\n%s", got)
	}
	r.Findings = r.Findings[:1]
	if got := markdown(r); strings.Count(got, "listener-closed-early") != 1 {
		t.Errorf("said twice:\n%s", got)
	}
}

func textOf(t *testing.T, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := Text(&out, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// inOrder tells whether a text has the parts one behind the other.
func inOrder(text string, parts ...string) bool {
	places := make([]int, 0, len(parts))
	for _, part := range parts {
		places = append(places, strings.Index(text, part))
	}
	return places[0] >= 0 && slices.IsSorted(places)
}
