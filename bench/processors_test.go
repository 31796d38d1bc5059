package bench

import (
	"math"
	"testing"
	"time"
)

func TestParseBusy(t *testing.T) {
	// Idle and waiting for disks is not busy; guests are in user's time already.
	busy, err := parseBusy("cpu  100 1 50 9999 77 3 2 8 40 4\ncpu0 1 2\n")
	if err != nil || busy != 1640*time.Millisecond {
		t.Errorf("%v, %v", busy, err)
	}
	for _, text := range []string{"", "cpu 1\n", "intr 1 2 3 4 5 6 7 8 9\n", "cpu 1 2 3 4 5 6 7 x\n"} {
		if busy, err := parseBusy(text); err == nil {
			t.Errorf("%q: %v", text, busy)
		}
	}
}

func TestParseUsed(t *testing.T) {
	used, err := parseUsed("42 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 5 1 20 0\n")
	if err != nil || used != 480*time.Millisecond {
		t.Errorf("%v, %v", used, err)
	}
	for _, text := range []string{"", "42 (x) S\n", "42 x S 1 2 3 4 5 6 7 8 9 10 30 12 5 1 20 0\n"} {
		if used, err := parseUsed(text); err == nil {
			t.Errorf("%q: %v", text, used)
		}
	}
}

func TestForeign(t *testing.T) {
	from := moment{at: time.Unix(100, 0), busy: 50 * time.Second, ours: 5 * time.Second}
	to := moment{at: time.Unix(110, 0), busy: 65 * time.Second, ours: 17 * time.Second}
	// 15 s of work, 12 of them ours, in 10 s of 2 processors.
	if got := foreign(from, to, 2); math.Abs(got-0.15) > 1e-9 {
		t.Errorf("%v", got)
	}
	// The kernel's figures are rounded.
	to.ours = 21 * time.Second
	if got := foreign(from, to, 2); got != 0 {
		t.Errorf("%v", got)
	}
}

func TestParsePeak(t *testing.T) {
	peak, err := parsePeak("Name:\tbench\nVmPeak:\t 1226000 kB\nVmHWM:\t    2352 kB\nVmRSS:\t    2000 kB\n")
	if err != nil || peak != 2352<<10 {
		t.Errorf("%d, %v", peak, err)
	}
	for _, text := range []string{"", "VmHWM:\t much\n"} {
		if peak, err := parsePeak(text); err == nil {
			t.Errorf("%q: %d", text, peak)
		}
	}
}
