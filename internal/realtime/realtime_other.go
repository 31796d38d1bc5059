//go:build !linux

package realtime

import "errors"

var errNotHere = errors.New("real-time priority is given on Linux alone")

// Container is refused here.
func Container(string) error { return errNotHere }

// Process is refused here.
func Process(int) error { return errNotHere }
