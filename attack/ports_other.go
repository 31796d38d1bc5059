//go:build !linux

package attack

import "syscall"

// localPorts is nil: the kernel chooses.
func localPorts() []uint16 { return nil }

// choosing leaves the port unknown.
func choosing(*uint16) func(string, string, syscall.RawConn) error { return nil }

// binding is of no use without ports.
func binding(uint16) func(string, string, syscall.RawConn) error { return nil }
