package script

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
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
	reference := processorTime(t, func() {
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
		took := processorTime(t, func() {
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

// processorTime is what the process needs to do something, the median of three times.
func processorTime(t *testing.T, do func()) time.Duration {
	t.Helper()
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	var took []time.Duration
	for range 3 {
		before := used()
		do()
		took = append(took, used()-before)
	}
	slices.Sort(took)
	return took[1]
}
