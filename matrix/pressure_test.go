package matrix

import (
	"testing"
	"time"
)

func TestPressure(t *testing.T) {
	const text = "some avg10=0.00 avg60=0.12 avg300=0.00 total=48113\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
	if got, told := someTotal([]byte(text)); got != 48113*time.Microsecond || !told {
		t.Errorf("got %s, %t", got, told)
	}
	for _, text := range []string{"", "full total=7\n", "some avg10=0.00\n"} {
		if got, told := someTotal([]byte(text)); told {
			t.Errorf("%q tells %s", text, got)
		}
	}
	began := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	before := stalled{began, time.Second, 2 * time.Second, true}
	after := stalled{began.Add(10 * time.Second), 6 * time.Second, 3 * time.Second, true}
	if got := after.since(before); got == nil || *got != (Pressure{CPU: 0.5, IO: 0.1}) {
		t.Errorf("got %v", got)
	}
	if got := after.since(stalled{at: began}); got != nil {
		t.Errorf("a kernel that does not tell: %v", got)
	}
}
