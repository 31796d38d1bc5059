// Package cputime tells what work costs on a processor. A clock would tell as well what else
// the machine had to do meanwhile.
package cputime

import (
	"math"
	"runtime"
	"time"
)

// Least is what the process needs to do something: the least of several times, as whatever
// else goes on in the process only adds to it.
func Least(times int, do func()) (time.Duration, error) {
	least := time.Duration(math.MaxInt64)
	for range times {
		// What was left to be collected before is not to be counted here.
		runtime.GC()
		before, err := Used()
		if err != nil {
			return 0, err
		}
		do()
		after, err := Used()
		if err != nil {
			return 0, err
		}
		least = min(least, after-before)
	}
	return least, nil
}
