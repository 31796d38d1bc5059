//go:build unix

package main

import "syscall"

// signals are those a check may send.
var signals = map[string]syscall.Signal{
	"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGQUIT": syscall.SIGQUIT, "SIGHUP": syscall.SIGHUP,
	"SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "SIGKILL": syscall.SIGKILL,
}

func sendSignal(pid int, signal syscall.Signal) error { return syscall.Kill(pid, signal) }

// errBrokenPipe is how a write to a pipe fails whose reader is gone.
const errBrokenPipe = syscall.EPIPE
