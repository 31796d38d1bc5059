package text

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestClean(t *testing.T) {
	for s, want := range map[string]string{
		"web-ö 日":                   "web-ö 日",
		"a\x1b[31m\tb\x7f\u009bc":   "a\ufffd[31m\ufffdb\ufffd\ufffdc",
		"\u202egnp.exe\u2066\u200f": "\ufffdgnp.exe\ufffd\ufffd",
		"a\xffb":                    "a\ufffdb",
	} {
		if got := Clean(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	// With "1. " and a blank they fill a line.
	left, right := strings.Repeat("ö", 38), strings.Repeat("ö", 38)
	for s, want := range map[string][]string{
		"":                           {"1. "},
		"one  two\nthree":            {"1. one two three"},
		left + " " + right:           {"1. " + left + " " + right},
		left + " " + right + "ö":     {"1. " + left, "   " + right + "ö"},
		left + " " + right + " b":    {"1. " + left + " " + right, "   b"},
		strings.Repeat("a", 2*Width): {"1. " + strings.Repeat("a", 2*Width)},
	} {
		if got := slices.Collect(Wrap("1. ", "   ", s)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestCountAndDuration(t *testing.T) {
	if got := Count(1, "pod") + ", " + Count(0, "pod") + ", " + Count(2, "pod"); got != "1 pod, 0 pods, 2 pods" {
		t.Error(got)
	}
	for d, want := range map[time.Duration]string{
		1234567 * time.Nanosecond: "1.23ms", 12345678 * time.Nanosecond: "12ms", -1234567 * time.Microsecond: "-1.23s", 12345 * time.Millisecond: "12.3s", 0: "0s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

func TestEstimate(t *testing.T) {
	for want, got := range map[string]string{
		"about 12m0s":         Estimate(time.Minute, 12),
		"about 0s":            Estimate(0, 12),
		"more than 290 years": Estimate(40*time.Hour, 100_000),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
