package main

import (
	"os"
	"testing"
)

// A killed run takes the program that it runs with it.
func TestKillEndsTheCommand(t *testing.T) {
	t.Parallel()
	ready, held, gone := heldBy(t)
	c := startRun(t, to(nil, nil), "--", "sh", "-c", "exec 9>"+held+"; echo > "+ready+"; exec sleep 600")
	if _, err := os.ReadFile(ready); err != nil {
		t.Fatal(err)
	}
	c.signal(t, os.Kill)
	<-c.ended
	wantGone(t, gone)
}
