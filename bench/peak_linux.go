package bench

import (
	"os"
	"syscall"
)

// peakOf gives the most memory that a process that has ended held, in bytes.
func peakOf(ended *os.ProcessState) (bytes int64, ok bool) {
	used, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	return used.Maxrss << 10, true // Linux counts in KiB
}
