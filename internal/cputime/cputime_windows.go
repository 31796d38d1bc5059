package cputime

import (
	"fmt"
	"time"

	"golang.org/x/sys/windows"
)

// Used is the processor time of the process so far, its own and what the kernel did for it.
func Used() (time.Duration, error) {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		return 0, fmt.Errorf("asking what the process has used: %w", err)
	}
	return duration(kernel) + duration(user), nil
}

// duration reads a length of time. Filetime.Nanoseconds would take it for a moment.
func duration(t windows.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
