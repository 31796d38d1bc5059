package recording

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Client is how the process that sent the requests fared.
type Client struct {
	// CPU is the processor time that it used, of Processors for all of the load's
	// time; 0 where the system does not tell.
	CPU        check.Duration `json:"cpu,omitempty"`
	Processors int            `json:"processors"`
	// LongestGCPause is the longest for which the garbage collector stopped it.
	LongestGCPause check.Duration `json:"longestGCPause"`
	// PortsByKernel counts the connections for which it had no local port of its own
	// choice. The kernel's choice may have had another one shortly before, which
	// connection tracking may still remember.
	PortsByKernel uint64 `json:"portsByKernel,omitempty"`
	// Stalls are the times in which it did not run at all: it was throttled, the
	// machine was busy, paused or suspended. Only the first thousand are listed.
	Stalls []Stall `json:"stalls,omitempty"`
}

// Stall is a time in which the process did not run.
type Stall struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}
