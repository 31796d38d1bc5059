//go:build !unix

package stall

import "time"

// processorTime is not known here.
func processorTime() time.Duration { return 0 }
