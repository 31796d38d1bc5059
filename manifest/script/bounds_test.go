package script

import (
	"strings"
	"testing"
	"time"
)

// No script takes long, however it is made: what would is unknown.
func TestBounds(t *testing.T) {
	var calls strings.Builder
	for c := 'a'; c < 'z'; c++ {
		calls.WriteString(string(c) + "() { " + strings.Repeat(string(c+1)+"; ", 9) + "}\n")
	}
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
		began := time.Now()
		words := []string{"sh", "-c", script}
		First(words, Context{})
		Run(words, Context{})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}
