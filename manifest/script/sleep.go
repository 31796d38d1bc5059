package script

import (
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Forever is how long sleep infinity takes, and any other of more than a century.
const Forever = time.Duration(math.MaxInt64)

// slept is what a program that waits is told.
type slept struct {
	length time.Duration
	// known tells that it waits for just that; otherwise nothing is known of it, unless
	// wrong says why it ends at once.
	known bool
	wrong string
}

// sleepOf looks whether a simple command does nothing but wait.
func sleepOf(words []word) (slept, bool) {
	if len(words) == 0 || !words[0].known {
		return slept{}, false
	}
	if path.Base(words[0].text) == "busybox" && len(words) > 1 {
		words = words[1:]
	}
	name := unversioned(path.Base(words[0].text))
	switch {
	case name == "sleep":
		return sleepArguments(words[1:]), true
	case name == "timeout":
		return slept{}, false
	case len(words) == 3 && words[1].known && words[2].known && inlineSleeps[name] != nil:
		option, text := words[1].text, words[2].text
		if m := inlineSleeps[name].FindStringSubmatch(strings.TrimSpace(text)); m != nil && (option == "-c" || option == "-e") {
			if d, ok := seconds(m[1], time.Second); ok {
				return slept{length: d, known: true}, true
			}
		}
	}
	return slept{}, false
}

// inlineSleeps are scripts of other languages that wait.
var inlineSleeps = map[string]*regexp.Regexp{
	"python": regexp.MustCompile(`^(?:import time\s*[;\n]\s*time\.|from time import sleep\s*[;\n]\s*)sleep\(\s*([0-9.]+)\s*\)\s*;?$`),
	"perl":   regexp.MustCompile(`^sleep\s*\(?\s*([0-9]+)\s*\)?\s*;?$`),
	"ruby":   regexp.MustCompile(`^sleep\s*\(?\s*([0-9.]+)\s*\)?\s*;?$`),
}

var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}

// sleepArguments adds up what sleep is given; one word that is no number and it ends at
// once, before it has slept (measured with GNU's and busybox').
func sleepArguments(words []word) slept {
	if len(words) > 0 && words[0].known && words[0].text == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		return slept{wrong: "sleep is given no number"}
	}
	var total time.Duration
	sure := true
	for _, w := range words {
		if !w.known {
			sure = false
			continue
		}
		text, unit := w.text, time.Second
		if n := len(text); n > 1 && units[text[n-1]] > 0 && !strings.HasPrefix(strings.ToLower(text), "inf") {
			text, unit = text[:n-1], units[text[n-1]]
		}
		d, ok := seconds(text, unit)
		switch {
		case ok:
			total = plus(total, d)
		case strings.HasPrefix(strings.TrimSpace(text), "0x"), strings.ToLower(text) == "nan":
			sure = false
		default:
			return slept{wrong: "sleep takes " + strconv.Quote(w.text) + " for no number"}
		}
	}
	if !sure {
		return slept{}
	}
	return slept{length: total, known: true}
}

// seconds reads a number of units.
func seconds(text string, unit time.Duration) (time.Duration, bool) {
	if strings.EqualFold(text, "infinity") || strings.EqualFold(text, "inf") {
		return Forever, true
	}
	n, err := strconv.ParseFloat(strings.TrimLeft(text, " \t"), 64)
	if err != nil || math.IsNaN(n) || n < 0 || strings.ContainsAny(text, "xX_") {
		return 0, false
	}
	if n*float64(unit) >= float64(Forever)/4 {
		return Forever, true
	}
	return time.Duration(n * float64(unit)), true
}

// plus adds times of which either may be for ever.
func plus(a, b time.Duration) time.Duration {
	if a > Forever-b {
		return Forever
	}
	return a + b
}
