package attack

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sleepPrecisely sleeps, exact to some microseconds. The kernel lets the sleeps of a thread
// end up to 50 µs late, to wake for several at once (PR_SET_TIMERSLACK in
// prctl(2)); for this one the thread is told not to be late. It is kept for that
// long only: a goroutine that keeps its thread for good costs two more switches for
// each request that it hands on.
func sleepPrecisely(d time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Where it is refused, the sleep is as late as any other.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	left := syscall.NsecToTimespec(int64(d))
	// A signal ends it early; the caller looks at the clock.
	_ = syscall.Nanosleep(&left, nil)
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // the default again
}
