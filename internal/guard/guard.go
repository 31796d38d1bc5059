// Package guard keeps a panic from ending the program before its owner has put
// the cluster back.
package guard

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that was caught. Its first line says what was being done
// and what the panic said, the lines below where that was.
type PanicError struct {
	// Doing is what was being done, as the subject of a sentence.
	Doing string
	// Value is what the panic was given.
	Value any
	// Stack is that of the goroutine, as runtime/debug prints it.
	Stack string
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("%s panicked: %v\n%s", e.Doing, e.Value, e.Stack)
}

// Call runs do and turns a panic of it into a PanicError. A goroutine that lives
// while a workload is changed runs under it: nothing else can recover there.
func Call(doing string, do func() error) (err error) {
	defer Catch(doing, func(panicked error) { err = panicked })
	return do()
}

// Catch is to be deferred itself, by a function of ours that a library calls in
// a goroutine of its own. It tells failed of a panic as a PanicError, and the
// function returns what its results hold by then.
func Catch(doing string, failed func(panicked error)) {
	if value := recover(); value != nil {
		failed(Panicked(doing, value))
	}
}

// Panicked gives the PanicError of a value that was recovered. The goroutine has
// to be still unwinding, so that its stack tells where the panic was.
func Panicked(doing string, value any) *PanicError {
	return &PanicError{Doing: doing, Value: value, Stack: string(debug.Stack())}
}
