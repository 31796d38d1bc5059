package main

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// freeFor tells how much is free where a folder is or will be; 0 where that is not
// known.
func freeFor(dir string) int64 {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return 0
	}
	for {
		var fs unix.Statfs_t
		if unix.Statfs(dir, &fs) == nil {
			return int64(fs.Bavail) * int64(fs.Bsize) //nolint:unconvert // both differ by architecture
		}
		up := filepath.Dir(dir)
		if up == dir {
			return 0
		}
		dir = up
	}
}
