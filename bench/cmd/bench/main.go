// Command bench measures the engine beside the vegeta command and wrk, and writes
// bench.json; see make bench. It runs itself as the server ("serve"), as the
// engine ("send") and to write a recording ("synthesize").
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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
	case len(args) == 3 && args[0] == "synthesize":
		return bench.Synthesize(args[1], args[2])
	default:
		return measure(ctx, args)
	}
}

// send takes a bench.Load as JSON, and prints a bench.Sent.
func send(ctx context.Context, args []string) error {
	var load bench.Load
	if len(args) != 1 {
		return errors.New("send: want one load")
	}
	if err := json.Unmarshal([]byte(args[0]), &load); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // as shutdowncheck run does
	}
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
	rounds := flags.Int("rounds", 6, "how often throughput and schedule are measured; every other time in reverse order")
	length := flags.Duration("for", 5*time.Second, "how long each client sends as fast as it can; whole seconds")
	vegeta := flags.String("vegeta", "", "the vegeta command")
	tool := flags.String("tool", "", "shutdowncheck")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected %q; there are only flags", flags.Args())
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
	if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
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
