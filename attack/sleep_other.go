//go:build !linux

package attack

import "time"

// sleepPrecisely sleeps as exactly as the runtime's timers are.
func sleepPrecisely(d time.Duration) { time.Sleep(d) }
