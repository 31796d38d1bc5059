package timeline

import (
	"testing"
	"time"
)

func TestSleepOf(t *testing.T) {
	tests := []struct {
		command []string
		want    time.Duration
	}{
		{[]string{"sleep", "5"}, 5 * time.Second},
		{[]string{"/bin/sleep", "0.5"}, 500 * time.Millisecond},
		{[]string{"sh", "-c", "sleep 15"}, 15 * time.Second},
		{[]string{"/bin/sh", "-c", " exec /usr/bin/sleep 3s; "}, 3 * time.Second},
		{[]string{"sh", "-c", "sleep 5 && nginx -s quit"}, 0},
		{[]string{"sh", "-c", "sleep $DELAY"}, 0},
		{[]string{"sleep", "1m"}, 0},
		{[]string{"sleep"}, 0},
		{[]string{"./drain", "5"}, 0},
		{nil, 0},
	}
	for _, tt := range tests {
		if got := sleepOf(tt.command); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.command, got, tt.want)
		}
	}
}
