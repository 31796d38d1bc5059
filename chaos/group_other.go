//go:build !linux

package chaos

import "syscall"

// ownGroup makes a program the leader of a group of its own, so that what it starts ends
// with it. No other system than Linux ends it where this process is killed.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
