package render

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Each format says the server's own setting and leads to its recipe; where no server
// was recognised it says nothing of any.
func TestRecipeIsShown(t *testing.T) {
	r := cutAndShut()
	r.Findings[1].Fix.Recipe = &report.Recipe{Server: "nginx", Text: "Send it SIGQUIT & wait.", URL: "https://example.org/recipes.md#nginx"}
	for name, tt := range map[string]struct {
		write func(io.Writer, *report.Report) error
		want  string
	}{
		"text":     {func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) }, "   In nginx: Send it SIGQUIT & wait.\n   https://example.org/recipes.md#nginx\n"},
		"Markdown": {Markdown, "**In nginx:** Send it SIGQUIT &amp; wait. [The whole recipe](<https://example.org/recipes.md#nginx>)."},
		"HTML":     {HTML, `<p><strong>In nginx:</strong> Send it SIGQUIT &amp; wait. <a href="https://example.org/recipes.md#nginx" rel="noreferrer">The whole recipe</a></p>`},
		"JUnit":    {JUnit, "In nginx: Send it SIGQUIT &amp; wait.\nhttps://example.org/recipes.md#nginx\n"},
		"JSON":     {JSON, `"url": "https://example.org/recipes.md#nginx"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := tt.write(&out, r); err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer("&#xA;", "\n", "\\u0026", "&").Replace(out.String())
			if strings.Count(got, tt.want) != 1 || strings.Count(got, "In nginx:") > 1 {
				t.Errorf("want once\n%s\nin\n%s", tt.want, got)
			}
		})
	}
}

// A report may come from anywhere: only what leads to a site becomes a link.
func TestMarkdownLinksToSitesOnly(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/a#b":    "[x](<https://example.org/a#b>)",
		"https://example.org/a b><":  "[x](<https://example.org/a%20b%3E%3C>)",
		"javascript:alert(1)":        "x",
		"https://example.org/\x00\n": "x",
		"":                           "x",
	} {
		if got := link("x", address); got != want {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
	}
}
