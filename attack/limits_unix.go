//go:build linux || darwin

package attack

import "golang.org/x/sys/unix"

// openFiles is how many files and sockets this process may have open; 0 for any
// number.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || limit.Cur >= 1<<31 {
		return 0
	}
	return int(limit.Cur)
}
