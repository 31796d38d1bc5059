package experiment

import (
	"fmt"
	"runtime/debug"
)

// guard turns a panic into an error, so that the run's owner still gets to put
// the cluster back: a panic in a goroutine would end the program before that.
func guard(doing string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s panicked: %v\n%s", doing, p, debug.Stack())
		}
	}()
	return do()
}
