// Command shutdowncheck proves, or disproves, that a Kubernetes workload can be
// restarted and scaled without a user noticing.
package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func main() {
	os.Exit(run())
}

// run turns signals into a context's end; see interruption for those after the first.
func run() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	surviveCrashes(cancel)
	stderr, at := newBacklog(os.Stderr, cancel), &work{}
	logTo(stderr)
	stop := (&interruption{work: at, stderr: stderr, cancel: cancel, exit: os.Exit}).start()
	defer stop()
	boundMemory(memlimit.FromCgroup)

	streams := streams{in: os.Stdin, out: leavable{os.Stdout}, err: stderr, color: os.Getenv("NO_COLOR") == "", work: at}
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubectl-") {
		streams.program = "kubectl shutdowncheck" // kubectl runs its plugins so
	}
	code := execute(ctx, os.Args[1:], streams)
	at.saved(code)
	<-stderr.drained()
	return code
}
