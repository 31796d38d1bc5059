package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// typing gives a terminal at which somebody has typed.
func typing(t *testing.T, text string) *os.File {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	raw, err := keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	control := func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}
	if failed := raw.Control(control); failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	if _, err := keyboard.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return terminal
}

// A person is asked, and only a yes puts back what is in doubt.
func TestRestoreAsks(t *testing.T) {
	t.Parallel()
	c := killedScaledDown(t, 48*time.Hour)
	const endOfFile = "\x04"
	for _, answer := range []string{"n\n", "\n", "yess\n", endOfFile} {
		code, stdout, stderr := c.restore(t, typing(t, answer), "deployment/web")
		if code != exitPassed || !strings.Contains(stdout, "; in doubt: it is 48h0m0s old\nPut it back? [y/N] deployment/web: left as it is\n") {
			t.Errorf("%q: exit code %d, %s%s", answer, code, stdout, stderr)
		}
		c.wantReplicas(t, 1)
	}
	if code, stdout, stderr := c.restore(t, typing(t, "Yes\n"), "deployment/web"); code != exitPassed || !strings.Contains(stdout, "replicas set back from 1 to 2") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	c.wantReplicas(t, 2)
}
