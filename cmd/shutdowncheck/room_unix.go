//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// freeIn tells how much is free in a folder that exists.
func freeIn(dir string) (bytes int64, ok bool) {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	return int64(fs.Bavail) * int64(fs.Bsize), err == nil //nolint:unconvert // both differ by system and architecture
}
