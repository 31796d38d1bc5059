package main

import (
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the part of the container's memory that the Go runtime may take:
// stacks of the kernel's, files and the program itself need some too.
const memoryShare = 0.9

// boundMemory lets the collector work harder before the container's limit ends the
// program. An environment that sets GOMEMLIMIT is obeyed, and where there is no
// limit nothing is set.
func boundMemory(limit memlimit.Provider) {
	// Without a limit, or a way to read it, the program runs as it did.
	_, _ = memlimit.SetGoMemLimitWithOpts(memlimit.WithRatio(memoryShare), memlimit.WithProvider(limit))
}

// tightenGC lets the heap grow by two fifths of what lives (GOGC=40) while a
// recording is analyzed: much of it lives, little dies, and the container that the
// run was given is to hold it. An environment that sets GOGC is obeyed.
func tightenGC() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(40)
	return func() { debug.SetGCPercent(before) }
}
