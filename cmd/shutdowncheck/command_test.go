//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// heldBy gives two pipes with names: one that a command writes to when it is under way, and
// what is closed when nobody has the other one open any more.
func heldBy(t *testing.T) (ready, held string, gone <-chan struct{}) {
	t.Helper()
	folder := t.TempDir()
	ready, held = filepath.Join(folder, "ready"), filepath.Join(folder, "held")
	for _, path := range []string{ready, held} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = os.ReadFile(held)
	}()
	return ready, held, closed
}

func wantGone(t *testing.T, gone <-chan struct{}) {
	t.Helper()
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("a process of the command is left")
	}
}

// Who gives up leaves nothing of a command either, though it ignores SIGTERM.
func TestThirdSignalEndsTheCommand(t *testing.T) {
	t.Parallel()
	ready, held, gone := heldBy(t)
	asked := filepath.Join(t.TempDir(), "asked")
	if err := syscall.Mkfifo(asked, 0o600); err != nil {
		t.Fatal(err)
	}
	stderr := newPage()
	c := startRun(t, to(nil, stderr), "--", "sh", "-c", "trap '' TERM; exec 9>"+held+
		"; sleep 600 </dev/null >/dev/null 2>&1 & exec 9>&-; trap 'echo > "+asked+"' TERM; echo > "+ready+"; while :; do sleep 0.1; done")
	for _, path := range []string{ready, asked} {
		if _, err := os.ReadFile(path); err != nil { // until the command has written to it
			t.Fatal(err)
		}
		c.signal(t, os.Interrupt)
	}
	stderr.await(t, "another signal gives up\n")
	c.signal(t, os.Interrupt)
	c.wantEnd(t, exitError)
	wantGone(t, gone)
}
