package render

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Each format says the server's own setting and leads to its recipe; where no server
// was recognised it leads to all of them.
func TestRecipeIsShown(t *testing.T) {
	r := cutAndShut()
	r.Findings[0].Fix.Recipe = &report.Recipe{URL: "https://example.org/recipes.md"}
	r.Findings[1].Fix.Recipe = &report.Recipe{Server: "nginx", Text: "Send it SIGQUIT & wait.", URL: "https://example.org/recipes.md#nginx"}
	for name, tt := range map[string]struct {
		write     func(io.Writer, *report.Report) error
		want, all string
	}{
		"text":     {func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) }, "   In nginx: Send it SIGQUIT & wait.\n   https://example.org/recipes.md#nginx\n", "   Settings of common servers:\n   https://example.org/recipes.md\n"},
		"Markdown": {Markdown, "**In nginx:** Send it SIGQUIT &amp; wait. [The whole recipe](<https://example.org/recipes.md#nginx>).", "**Settings of common servers:** [Recipes](<https://example.org/recipes.md>).\n"},
		"HTML":     {HTML, `<p><strong>In nginx:</strong> Send it SIGQUIT &amp; wait. <a href="https://example.org/recipes.md#nginx" rel="noreferrer">The whole recipe</a></p>`, `<p><strong>Settings of common servers:</strong> <a href="https://example.org/recipes.md" rel="noreferrer">Recipes</a></p>`},
		"JUnit":    {JUnit, "In nginx: Send it SIGQUIT &amp; wait.\nhttps://example.org/recipes.md#nginx\n", "Settings of common servers:\nhttps://example.org/recipes.md\n"},
		"JSON":     {JSON, `"url": "https://example.org/recipes.md#nginx"`, `"url": "https://example.org/recipes.md"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := tt.write(&out, r); err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer("&#xA;", "\n", "\\u0026", "&", "&#39;", "'").Replace(out.String())
			if strings.Count(got, tt.all) != 1 {
				t.Errorf("want once\n%s\nin\n%s", tt.all, got)
			}
			if strings.Count(got, tt.want) != 1 || strings.Count(got, "In nginx:") > 1 {
				t.Errorf("want once\n%s\nin\n%s", tt.want, got)
			}
		})
	}
}

// How a server was recognised is said where it is known.
func TestRecipeSaysHowItsServerWasRecognised(t *testing.T) {
	for by, want := range map[string]string{
		"image":   "In nginx, as the image is called",
		"command": "In nginx, as the container's command says",
		"":        "In nginx",
	} {
		if got, _ := recipeFor(&report.Recipe{Server: "nginx", RecognisedBy: by}); got != want {
			t.Errorf("%q: got %q, want %q", by, got, want)
		}
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
