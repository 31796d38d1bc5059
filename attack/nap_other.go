//go:build !linux

package attack

import "time"

// newNap gives the sleep that there is: as exact as the runtime's timers are.
func newNap() func(time.Duration) { return time.Sleep }
