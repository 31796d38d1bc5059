package render

import (
	"html"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// A fix that several findings have is told once, in each form that a person reads whole,
// and so is a patch.
func TestAFixIsToldOnce(t *testing.T) {
	const long, patch = "The last one came late.", `{"spec":{}}`
	forms := map[string]func(*strings.Builder, *report.Report) error{
		"text":     func(w *strings.Builder, r *report.Report) error { return Text(w, r, TextOptions{}) },
		"markdown": func(w *strings.Builder, r *report.Report) error { return Markdown(w, r) },
		"page":     func(w *strings.Builder, r *report.Report) error { return HTML(w, r) },
	}
	for name, write := range forms {
		for change, tt := range map[string]struct {
			second                 func(*report.Fix)
			texts, patches, points int
		}{
			"the same":       {func(*report.Fix) {}, 1, 1, 0},
			"another text":   {func(f *report.Fix) { f.Text = "Else." }, 1, 1, 1},
			"another patch":  {func(f *report.Fix) { f.Patch = `{"metadata":{}}` }, 2, 1, 0},
			"another recipe": {func(f *report.Fix) { f.Recipe = &report.Recipe{URL: report.RecipesURL, Text: "Else."} }, 2, 1, 1},
			"no patch":       {func(f *report.Fix) { f.Patch = "" }, 2, 1, 0},
		} {
			r := cutAndShut()
			for _, i := range []int{0, 2} {
				r.Findings[i].Fix.Patch = patch
			}
			tt.second(&r.Findings[2].Fix)
			var text strings.Builder
			if err := write(&text, r); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(text.String(), long); got != tt.texts {
				t.Errorf("%s, %s: the fix is told %d times, want %d", name, change, got, tt.texts)
			}
			written := html.UnescapeString(text.String())
			if got := strings.Count(written, patch); got != tt.patches {
				t.Errorf("%s, %s: the patch is told %d times, want %d", name, change, got, tt.patches)
			}
			if got := strings.Count(strings.Join(strings.Fields(written), " "), "The patch is that of finding 1."); got != tt.points {
				t.Errorf("%s, %s: the second points at the patch %d times, want %d", name, change, got, tt.points)
			}
		}
	}
}
