// Command victim is the sample service of package victim as a process. It takes
// no arguments, only the environment variables that the package lists.
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
)

func main() {
	os.Exit(run())
}

func run() int {
	// First of all: until then a SIGTERM would do what the runtime does with it,
	// whatever VICTIM_ON_SIGTERM says.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)

	if args := os.Args[1:]; len(args) > 0 {
		fmt.Fprintf(os.Stderr, "victim: %q: takes no arguments, only environment variables\n", args[0])
		return 2
	}
	cfg, err := victim.FromEnv(os.Environ())
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		return 2
	}
	cfg.Draw(rand.Float64)
	code, err := victim.Run(context.Background(), cfg, signals, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
	}
	return code
}
