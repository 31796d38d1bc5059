// Package guard keeps a panic from ending the program before its owner has put
// the cluster back.
package guard

import (
	"fmt"
	"runtime/debug"
)

// Call runs do and turns a panic of it into an error. A goroutine that lives
// while a workload is changed runs under it: nothing else can recover there.
func Call(doing string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s panicked: %v\n%s", doing, p, debug.Stack())
		}
	}()
	return do()
}
