package main

import (
	"context"

	"k8s.io/apimachinery/pkg/util/runtime"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// surviveCrashes tells fail of a panic in a goroutine of client-go's own, which ends the
// program by default (runtime.ReallyCrash), with the cluster left changed.
func surviveCrashes(fail context.CancelCauseFunc) {
	runtime.ReallyCrash = false
	runtime.PanicHandlers = []func(context.Context, any){func(_ context.Context, value any) {
		fail(guard.Panicked("the Kubernetes client", value))
	}}
}
