//go:build unix

package chaos

import (
	"errors"
	"os"
	"syscall"
)

// hasGroups tells whether what a program starts can be ended with it.
const hasGroups = true

// ownGroup makes a program the leader of a group of its own, so that what it starts ends
// with it.
func ownGroup() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	endWithUs(attr)
	return attr
}

// signalGroup sends a signal to the group of a leader.
func signalGroup(leader int, signal syscall.Signal) error {
	err := syscall.Kill(-leader, signal)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
