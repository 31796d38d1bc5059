package main

import (
	"errors"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestMemoryIsBoundByTheContainer(t *testing.T) {
	const container = 1 << 40
	unread := func() (uint64, error) { return 0, errors.New("no cgroup") }
	tests := []struct {
		name        string
		environment string
		limit       memlimit.Provider
		want        int64
	}{
		{"a container's limit", "", memlimit.Limit(container), container / 10 * 9},
		{"none that can be read", "", unread, math.MaxInt64},
		{"the environment has its own", "1TiB", memlimit.Limit(container), math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := debug.SetMemoryLimit(math.MaxInt64)
			defer debug.SetMemoryLimit(before)
			t.Setenv("GOMEMLIMIT", tt.environment)
			if tt.environment == "" {
				if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
					t.Fatal(err)
				}
			}
			boundMemory(tt.limit)
			// The runtime read the environment when it began.
			if got := debug.SetMemoryLimit(-1); math.Abs(float64(got-tt.want)) > 16 {
				t.Errorf("the limit is %d, want %d", got, tt.want)
			}
		})
	}
}
