package cputime

import (
	"testing"
	"time"
)

// spin keeps a processor busy.
func spin(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

// What a process uses is what it works, and not how long it waits.
func TestUsed(t *testing.T) {
	used := func(do func()) time.Duration {
		least, err := Least(3, do)
		if err != nil {
			t.Fatal(err)
		}
		return least
	}
	work := used(func() { spin(200 * time.Millisecond) })
	if work <= 0 {
		t.Errorf("200 ms of work take %v", work)
	}
	if wait := used(func() { time.Sleep(200 * time.Millisecond) }); wait >= work {
		t.Errorf("waiting takes %v, and work for as long %v", wait, work)
	}
}

// The least of several times counts.
func TestLeast(t *testing.T) {
	once := true
	least, err := Least(2, func() {
		if once {
			spin(300 * time.Millisecond)
		}
		once = false
	})
	if err != nil || least >= 100*time.Millisecond {
		t.Errorf("got %v (%v), want next to nothing", least, err)
	}
}
