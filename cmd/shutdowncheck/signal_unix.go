//go:build unix

package main

import (
	"syscall"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// signals are those a check may send.
var signals = map[check.Signal]syscall.Signal{
	check.SIGTERM: syscall.SIGTERM, check.SIGINT: syscall.SIGINT, check.SIGQUIT: syscall.SIGQUIT, check.SIGHUP: syscall.SIGHUP,
	check.SIGUSR1: syscall.SIGUSR1, check.SIGUSR2: syscall.SIGUSR2, check.SIGKILL: syscall.SIGKILL,
}

func sendSignal(pid int, signal syscall.Signal) error { return syscall.Kill(pid, signal) }

// errBrokenPipe is how a write to a pipe fails whose reader is gone.
const errBrokenPipe = syscall.EPIPE
