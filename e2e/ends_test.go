//go:build e2e

package e2e

import (
	"syscall"
	"testing"
)

// The terminal goes away in the midst of a change.
func TestHangupPutsBack(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	check := graceful.startCheck(t, append(quick, "--scale-to", "1")...)
	graceful.waitScaledTo(t, 1)
	if err := check.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	run := check.wait(t)
	graceful.wantPutBack(t, before)
	run.want(t, interrupted)
}
