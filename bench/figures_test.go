package bench

import (
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		all  []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(tt.all); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.all, got, tt.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(100-i)*time.Microsecond)
	}
	if p50, p99 := quantile(all, 0.5), quantile(all, 0.99); p50 != 51 || p99 != 100 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
}

// The schedule is the latest one that sends nothing before its time.
func TestLateness(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	all := []sentAt{
		{2, began.Add(23 * time.Millisecond)},
		{0, began.Add(5 * time.Millisecond)},
		{1, began.Add(11 * time.Millisecond)},
	}
	want := []time.Duration{2 * time.Millisecond, 4 * time.Millisecond, 0}
	if got := lateness(all, 100); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestParseWrk(t *testing.T) {
	n, took, err := parseWrk("Running 2s test @ http://127.0.0.1:1/\n  1 threads and 16 connections\n  185203 requests in 2.10s, 16.60MB read\nRequests/sec:  88190.51\n")
	if n != 185203 || took != 2100*time.Millisecond || err != nil {
		t.Errorf("%d in %v, %v", n, took, err)
	}
	if _, _, err := parseWrk("unable to connect"); err == nil {
		t.Error("no total, no error")
	}
}

func TestParseBusy(t *testing.T) {
	b, err := parseBusy("cpu  100 1 50 9999 77 3 2 8 0 0\ncpu0 1 2\n", "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0\n")
	if err != nil || b.all != 1560*time.Millisecond || b.process != 420*time.Millisecond {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := parseBusy("cpu 1\n", "42 (x) S\n"); err == nil {
		t.Error("taken")
	}
}
