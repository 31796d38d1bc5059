package main

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// readRoom looks what there is for a run whose recording goes to dir.
func readRoom(dir string) experiment.Room {
	room := experiment.Room{Disk: freeFor(dir)}
	if limit, err := memlimit.FromCgroup(); err == nil && limit <= math.MaxInt64 {
		room.Memory = int64(limit)
	}
	return room
}
