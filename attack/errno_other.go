//go:build !windows

package attack

import "syscall"

func portable(errno syscall.Errno) syscall.Errno { return errno }
