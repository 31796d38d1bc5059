package main

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// signals are of no use here: the helper of a kill runs in a container on Linux.
var signals = map[check.Signal]syscall.Signal{check.SIGTERM: syscall.SIGTERM, check.SIGKILL: syscall.SIGKILL}

func sendSignal(int, syscall.Signal) error { return errors.ErrUnsupported }

// errBrokenPipe is how a write to a pipe fails whose reader is gone.
const errBrokenPipe = windows.ERROR_NO_DATA
