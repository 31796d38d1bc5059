// Command bench measures the engine beside the vegeta command and wrk, and writes
// bench.json; see make bench. It runs itself as the server ("serve") and as the
// engine ("send").
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "serve":
		return bench.Serve(ctx, os.Stdin, os.Stdout)
	case len(args) > 0 && args[0] == "send":
		return send(ctx, args[1:])
	default:
		return measure(ctx, args)
	}
}

func send(ctx context.Context, args []string) error {
	var load bench.Load
	flags := flag.NewFlagSet("send", flag.ContinueOnError)
	flags.StringVar(&load.URL, "url", "", "where to")
	flags.Float64Var(&load.Rate, "rate", 0, "requests per second; 0 for as many as go")
	flags.IntVar(&load.Connections, "connections", 1, "connections, and requests under way")
	flags.DurationVar(&load.For, "for", 0, "for how long")
	flags.Uint64Var(&load.Samples, "samples", 0, "how many, instead of for how long")
	flags.StringVar(&load.Dir, "dir", "", "folder for the recording")
	if err := flags.Parse(args); err != nil {
		return err
	}
	debug.SetGCPercent(300) // as shutdowncheck run does
	sent, err := load.Run(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(sent)
}

func measure(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	out := flags.String("out", "out/bench.json", "where the result goes")
	dir := flags.String("dir", "out/bench", "folder for what is written meanwhile")
	parts := flags.String("parts", strings.Join(bench.Parts, ","), "which parts to measure")
	rounds := flags.Int("rounds", 6, "how often the throughput is measured; every other time in reverse order")
	length := flags.Duration("for", 5*time.Second, "how long each client sends")
	vegeta := flags.String("vegeta", "", "the vegeta command")
	tool := flags.String("tool", "", "shutdowncheck")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *vegeta == "" || *tool == "" || *rounds < 1 || *length < time.Second {
		return errors.New("want -vegeta, -tool, and at least one round of at least a second")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	result, err := bench.Run(ctx, bench.Config{
		Self: self, Vegeta: *vegeta, Tool: *tool, Dir: *dir, Parts: strings.Split(*parts, ","),
		Rounds: *rounds, For: *length, Date: time.Now(), Progress: os.Stderr,
	})
	if err != nil {
		return err
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	if err := errors.Join(result.JSON(file), file.Close()); err != nil {
		return err
	}
	_, err = fmt.Print(result.Text())
	return err
}
