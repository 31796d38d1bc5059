//go:build !linux

package realtime

import "errors"

// Schedule is for Linux alone.
func Schedule(int) error { return errors.New("only Linux schedules processes so") }
