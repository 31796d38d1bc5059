package script

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/cputime"
)

// mostParses is how often the longest script could be parsed in the time that any other takes
// in all: five times what the slowest of those below needs.
const mostParses = 25

// No script takes long, however it is made: what would is unknown. How long is told by what the
// longest script takes to be parsed, of the same processor: a clock would tell of the machine.
func TestBounds(t *testing.T) {
	var calls strings.Builder
	for c := 'a'; c < 'z'; c++ {
		calls.WriteString(string(c) + "() { " + strings.Repeat(string(c+1)+"; ", 9) + "}\n")
	}
	longest := strings.Repeat("app;", maxText/len("app;"))
	cost := func(do func()) time.Duration {
		cost, err := cputime.Least(3, do)
		if err != nil {
			t.Fatal(err)
		}
		return cost
	}
	reference := cost(func() {
		if _, err := parse(longest); err != nil {
			t.Fatal(err)
		}
	})
	for name, script := range map[string]string{
		"a long chain":        strings.Repeat("true && ", 60_000/8) + "sleep 5",
		"a shorter chain":     strings.Repeat("true && ", 1000) + "sleep 5",
		"deep conditions":     strings.Repeat("if x; then ", 400) + "sleep 5" + strings.Repeat("; fi", 400),
		"deep loops":          strings.Repeat("while x; do ", 900) + "sleep 5" + strings.Repeat("; done", 900),
		"deep parentheses":    strings.Repeat("( ", 2000) + "sleep 5" + strings.Repeat(")", 2000),
		"many commands":       strings.Repeat("app;", 15_000),
		"functions":           calls.String() + "a",
		"shells in functions": "f() { sh -c '" + strings.Repeat("app;", 900) + "'; }; g() { " + strings.Repeat("f; ", 900) + "}; " + strings.Repeat("g; ", 90),
		"too long":            strings.Repeat("x", maxText+1),
	} {
		words := []string{"sh", "-c", script}
		took := cost(func() {
			First(words, Context{})
			Run(words, Context{})
		})
		parses := took.Seconds() / reference.Seconds()
		t.Logf("%s: %.1f parses of %v", name, parses, reference)
		if parses > mostParses {
			t.Errorf("%s takes as long as %.0f parses of the longest script, want %d at the most", name, parses, mostParses)
		}
	}
}
