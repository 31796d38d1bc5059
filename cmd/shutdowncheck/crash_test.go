package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/runtime"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// A panic in a goroutine of client-go's ends the run and not the program, and is told as
// an error of the tool, with its place.
func TestCrashOfTheClient(t *testing.T) {
	crash, handlers := runtime.ReallyCrash, runtime.PanicHandlers
	defer func() { runtime.ReallyCrash, runtime.PanicHandlers = crash, handlers }()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	surviveCrashes(cancel)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer runtime.HandleCrash() // as client-go's goroutines do
		panic("out of order")
	}()
	<-ended
	err := interrupted(ctx, experiment.ErrInterrupted)
	panicked, ok := errors.AsType[*guard.PanicError](err)
	if !ok || panicked.Value != "out of order" || !strings.Contains(panicked.Stack, "crash_test.go") {
		t.Fatalf("the run ended with %v", err)
	}
	var said strings.Builder
	if code := exitCode(err, &said); code != exitError {
		t.Errorf("exit code %d, want %d", code, exitError)
	}
	if want := "shutdowncheck: the Kubernetes client panicked: out of order\n"; !strings.HasPrefix(said.String(), want) {
		t.Errorf("got %q", said.String())
	}
}
