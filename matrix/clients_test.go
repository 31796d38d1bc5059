package matrix

import "testing"

func TestFiveSeconds(t *testing.T) {
	for text, want := range map[string]bool{
		"a sleep of 5 s": true, "took 5.02s": true, "12s": true, `"seconds":7`: true,
		"took 3.22s": false, "a sleep of 3 s": false, "250ms": false,
	} {
		if got := fiveSeconds.MatchString(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
