package attack

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// newNap gives a sleep that is exact to some microseconds. The kernel lets the
// sleeps of a thread end up to 50 µs late, to wake for several at once
// (PR_SET_TIMERSLACK in prctl(2)); this one's thread is told not to be late. The
// thread is kept, and ends with the goroutine, so that no other has to live with
// that.
func newNap() func(time.Duration) {
	runtime.LockOSThread()
	// Where it is refused, sleeps are as late as any other's.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return func(d time.Duration) {
		left := syscall.NsecToTimespec(int64(d))
		// A signal ends it early; the caller looks at the clock.
		_ = syscall.Nanosleep(&left, nil)
	}
}
