package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/joshdk/go-junit"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	unsafe "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// hostileTexts are what servers, clusters and users may put where a report
// shows a name or a message. None begins with a letter, as a sentence would make
// it an upper-case one.
var hostileTexts = map[string]string{
	"script":            "<script>alert(1)</script>",
	"quotes":            `"' onerror='alert(1)' x="`,
	"terminal escapes":  "0web\x1b[2J\x07\u009b31m\x1b]8;;http://x\x1b\\",
	"invalid UTF-8":     "0web\xff\xfe\xc0",
	"lines":             "0a\r\nb\n# c\n</details>",
	"turned writing":    "0web\u202egnp.exe\u2066",
	"Markdown":          "*a* _b_ `c` ~~d~~ [e](javascript:f) ![g](h) $i$ |j| @admin #1 &lt;",
	"a list":            "- a",
	"a numbered list":   "1. a",
	"a heading's rule":  "===",
	"fences":            "``` ```` `",
	"the end of CDATA":  "]]> ]]>",
	"comment and CDATA": "<!-- --> <![CDATA[",
}

// spoiled is a report that says text wherever it says anything.
func spoiled(text string, verdict report.Verdict) *report.Report {
	return &report.Report{
		Verdict: verdict, Reasons: []string{text}, Namespace: text, Workload: text,
		Streams: []report.Stream{{Name: text, Connections: text, Sent: 3, OK: 1, Failed: 2}},
		Senders: []report.Sender{{Pod: text, Node: text, Sent: 3, Failed: 2, Lost: text}},
		Disruptions: []report.Disruption{{
			Kind: text, Detail: text, Unsteady: text, Changes: []string{text}, Refusals: []string{text}, Restored: []string{text},
			Command: &report.Command{Output: text}, Terminated: []string{text},
		}},
		Terminations: []report.Termination{{Pod: text, UID: text, Node: text, Container: text, ExitReason: text}},
		Findings: []report.Finding{{
			Cause: report.Unknown, Says: text, Streams: []string{text}, Pods: []string{text},
			Evidence: []string{text}, Fix: report.Fix{Text: text, Patch: text, Recipe: &report.Recipe{Server: text, Text: text, URL: text}},
		}},
		Failures: []report.Failure{{Stream: text, Error: text, Pods: []string{text}}},
		Warnings: []report.Warning{{Text: text}},
		Check:    check.Check{Workload: check.Workload{Kind: check.Deployment, Name: "web"}},
	}
}

var verdicts = []report.Verdict{report.Passed, report.Failed, report.Inconclusive}

func TestNoFormatObeysWhatItShows(t *testing.T) {
	for name, text := range hostileTexts {
		for _, verdict := range verdicts {
			r := spoiled(text, verdict)
			for format, shows := range map[string]func(*testing.T, string, *report.Report, string){
				"text":     func(*testing.T, string, *report.Report, string) {},
				"json":     jsonShows,
				"junit":    junitShows,
				"markdown": markdownShows,
			} {
				t.Run(fmt.Sprintf("%s/%s/%s", name, verdict, format), func(t *testing.T) {
					var out bytes.Buffer
					if err := formats[format](&out, r); err != nil {
						t.Fatal(err)
					}
					if !utf8.Valid(out.Bytes()) {
						t.Error("not UTF-8")
					}
					for _, c := range out.String() {
						if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
							t.Errorf("%q is in it", c)
						}
					}
					shows(t, out.String(), r, text)
				})
			}
		}
	}
}

var formats = map[string]func(io.Writer, *report.Report) error{
	"text":     func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) },
	"json":     JSON,
	"junit":    JUnit,
	"markdown": Markdown,
}

func jsonShows(t *testing.T, out string, _ *report.Report, text string) {
	var back report.Report
	if err := json.Unmarshal([]byte(out), &back); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(text, "\ufffd"); utf8.ValidString(text) && back.Workload != want {
		t.Errorf("read back as %q, want %q", back.Workload, want)
	}
}

// junitShows reads the suite back with another's parser.
func junitShows(t *testing.T, out string, r *report.Report, text string) {
	suites, err := junit.Ingest([]byte(out))
	if err != nil || len(suites) != 1 {
		t.Fatalf("%d suites, %v", len(suites), err)
	}
	suite := suites[0]
	if got := suite.Totals; got.Tests != 3 || (got.Failed+got.Error == 0) != (r.Verdict == report.Passed) || (got.Error > 0) != (r.Verdict == report.Inconclusive) {
		t.Errorf("%s: %+v", r.Verdict, got)
	}
	shown := clean(text)
	if r.Verdict == report.Passed {
		if got := suite.Tests[0].SystemOut; got != strings.TrimSpace(shown) && got != shown {
			t.Errorf("the reason reads %q, want %q", got, shown)
		}
		return
	}
	if got := suite.Tests[0].Message; got != shown {
		t.Errorf("the reason reads %q, want %q", got, shown)
	}
}

// allowed are the elements of a comment that says nothing but what we wrote.
var allowed = []string{
	"h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code", "pre", "strong", "em",
}

// markdownShows renders the page as GitHub does, with all raw HTML let through.
// The text has to stand wherever a harmless one would.
func markdownShows(t *testing.T, out string, r *report.Report, text string) {
	const harmless = "0-harmless"
	var plain bytes.Buffer
	if err := Markdown(&plain, spoiled(harmless, r.Verdict)); err != nil {
		t.Fatal(err)
	}
	want := strings.Count(wordsOf(t, plain.String()), harmless)
	words, shown := wordsOf(t, out), clean(strings.ReplaceAll(text, "@", "@\u200b"))
	// A code span shows a person's name as it is.
	got := strings.Count(words, shown)
	if shown != clean(text) {
		got += strings.Count(words, clean(text))
	}
	// A command has it in a shell's quotes.
	if quoted := strings.ReplaceAll(clean(text), "'", `'"'"'`); quoted != clean(text) {
		got += strings.Count(words, quoted)
	}
	if want == 0 || got != want {
		t.Errorf("%q is shown %d times, want %d, in\n%s", shown, got, want, words)
	}
}

// wordsOf gives the words that a reader of the Markdown sees.
func wordsOf(t *testing.T, comment string) string {
	t.Helper()
	var page bytes.Buffer
	gfm := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(unsafe.WithUnsafe()))
	if err := gfm.Convert([]byte(comment), &page); err != nil {
		t.Fatal(err)
	}
	var words strings.Builder
	tokens := html.NewTokenizer(&page)
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return words.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			if token := tokens.Token(); !slices.Contains(allowed, token.Data) {
				t.Errorf("<%s> in\n%s", token.Data, comment)
			}
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("markup %s in\n%s", tokens.Raw(), comment)
		case html.TextToken:
			words.WriteString(tokens.Token().Data)
		}
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	for name, text := range map[string]string{"short": "web", "long": strings.Repeat("&", 5000)} {
		t.Run(name, func(t *testing.T) {
			r := spoiled(text, report.Failed)
			r.Reasons = slices.Repeat(r.Reasons, 1000)
			r.Streams = slices.Repeat(r.Streams, 50)
			r.Findings = slices.Repeat(r.Findings, 1000)
			r.Terminations = slices.Repeat(r.Terminations, 1000)
			r.Warnings = slices.Repeat(r.Warnings, 1000)
			var out bytes.Buffer
			if err := Markdown(&out, r); err != nil {
				t.Fatal(err)
			}
			if n := utf8.RuneCountInString(out.String()); n >= markdown.Limit {
				t.Errorf("%d characters", n)
			}
			if !strings.HasPrefix(out.String(), "### :x: Failed: ") || !strings.Contains(out.String(), "Left out here") {
				t.Errorf("no verdict, or no word of what is left out:\n%.2000s", out.String())
			}
		})
	}
}

func TestJUnitOfEachVerdict(t *testing.T) {
	names := map[string]string{"graceful-drain": "passed", "flask-no-time-and-no-prestop": "failed", "nothing-ends": "inconclusive"}
	for name, verdict := range names {
		r := goldenReports(t)[name]
		if string(r.Verdict) != verdict {
			t.Fatalf("%s is %s", name, r.Verdict)
		}
		var out bytes.Buffer
		if err := JUnit(&out, r); err != nil {
			t.Fatal(err)
		}
		suites, err := junit.Ingest(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got := suites[0].Totals
		if want := 1 + len(r.Streams) + len(r.Disruptions); got.Tests != want {
			t.Errorf("%s: %d cases, want %d", name, got.Tests, want)
		}
		if (got.Failed > 0) != (verdict == "failed") || (got.Error > 0) != (verdict == "inconclusive") || (got.Passed == got.Tests) != (verdict == "passed") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
