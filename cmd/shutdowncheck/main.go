// Command shutdowncheck proves, or disproves, that a Kubernetes workload can be
// restarted and scaled without a user noticing.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func main() {
	os.Exit(run())
}

// run turns signals into a context: the first one lets a run put the cluster
// back and report, the second ends the program at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	boundMemory(memlimit.FromCgroup)

	streams := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, color: os.Getenv("NO_COLOR") == ""}
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubectl-") {
		streams.program = "kubectl shutdowncheck" // kubectl runs its plugins so
	}
	return execute(ctx, os.Args[1:], streams)
}
