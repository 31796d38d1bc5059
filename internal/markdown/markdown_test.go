package markdown

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What texts become when they are shown is tested where reports are written, by another's
// parser; these are the edges.
func TestEdges(t *testing.T) {
	for got, want := range map[string]string{
		Prose("1. a"):                `1\. a`,
		Prose(" - a "):               `\- a`,
		Prose("a - b"):               "a - b",
		Code("a"):                    "`a`",
		Code("a``b"):                 "``` a``b ```",
		Fenced("sh", "a\n```\n\x1b"): "````sh\na\n```\n\ufffd\n````",
		Folded("<b>", "- c"):         "<details><summary>&lt;b&gt;</summary>\n\n- c\n\n</details>",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("ö", 100_000)
	for name, shown := range map[string]string{"prose": Prose(long), "code": Code(long), "fenced": Fenced("", long)} {
		if n := utf8.RuneCountInString(shown); n > mostBlock+10 || !strings.Contains(shown, "…") {
			t.Errorf("%s has %d characters", name, n)
		}
	}
	list := Bullets(make([]string, Listed+2))
	if lines := strings.Split(list, "\n"); len(lines) != Listed+1 || lines[Listed] != "- and 2 more" {
		t.Errorf("%d lines, %q at last", len(lines), lines[len(lines)-1])
	}
}
