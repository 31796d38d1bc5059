package main

import (
	"math"
	"path/filepath"

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

// freeFor tells how much is free where a folder is or will be; 0 where that is not
// known.
func freeFor(dir string) int64 {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return 0
	}
	for {
		if free, ok := freeIn(dir); ok {
			return free
		}
		up := filepath.Dir(dir)
		if up == dir {
			return 0
		}
		dir = up
	}
}
