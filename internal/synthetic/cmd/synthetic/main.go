// Command synthetic writes the recording of a run that never happened, to
// measure on it what a report costs:
//
//	go run ./internal/synthetic/cmd/synthetic -samples 10000000 FOLDER
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/synthetic"
)

func main() {
	var run synthetic.Run
	flag.IntVar(&run.Samples, "samples", 10_000_000, "how many requests it is to hold")
	flag.Float64Var(&run.Rate, "rate", 2500, "requests per second of each of its two streams")
	flag.IntVar(&run.Restarts, "restarts", 4, "how often its pods are replaced")
	flag.IntVar(&run.Pods, "pods", 3, "how many pods it has")
	flag.DurationVar(&run.PodInterval, "pod-interval", 3*time.Second, "the time between the ends of two pods of a restart")
	flag.IntVar(&run.Senders, "senders", 0, "how many pods sent the requests; 0 is the program itself")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "synthetic: want one FOLDER")
		os.Exit(2)
	}
	if err := run.Write(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "synthetic:", err)
		os.Exit(1)
	}
}
