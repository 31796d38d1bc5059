package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The parts of a bench.
const (
	Throughput = "throughput"
	Schedule   = "schedule"
	Memory     = "memory"
	Analysis   = "analysis"
	Merge      = "merge"
	Senders    = "senders"
)

// Parts are all there are, in the order in which they are measured.
var Parts = []string{Throughput, Schedule, Memory, Analysis, Merge, Senders}

// The clients.
const (
	shutdowncheck = "shutdowncheck"
	vegetaCommand = "vegeta"
	wrk           = "wrk"
)

// connections are what each client has open.
const connections = 16

// Config says what is measured with.
type Config struct {
	// Self is this program, Vegeta the vegeta command, Tool shutdowncheck.
	Self, Vegeta, Tool string
	// Dir is for what is written meanwhile. It is on a disk, as recordings are.
	Dir   string
	Parts []string
	// Rounds is how often throughput and schedule are measured.
	Rounds int
	// For is how long each client sends as fast as it can.
	For time.Duration
	// Date is for the result.
	Date time.Time
	// Progress is told what is being done.
	Progress io.Writer
}

func (c *Config) validate() error {
	if c.Vegeta == "" || c.Tool == "" {
		return errors.New("where the vegeta command and shutdowncheck are is not said")
	}
	if c.Rounds < 1 || c.For < time.Second || c.For%time.Second != 0 {
		return errors.New("want at least one round, of whole seconds") // wrk takes no others
	}
	if len(c.Parts) == 0 {
		return errors.New("no part to measure")
	}
	for _, part := range c.Parts {
		if !slices.Contains(Parts, part) {
			return fmt.Errorf("unknown part %q; want some of %s", part, strings.Join(Parts, ", "))
		}
	}
	return nil
}

// Run measures everything, one thing after the other.
func Run(ctx context.Context, cfg Config) (r *Result, err error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	began := time.Now()
	r = &Result{
		Date: cfg.Date.UTC().Format(time.RFC3339), Go: runtime.Version(), Processors: runtime.NumCPU(),
		Connections: connections,
	}
	if r.LoadAverage, err = loadAverage(); err != nil {
		return nil, err
	}
	b := &bench{Config: cfg, repeats: repeats}
	if b.Dir, err = os.MkdirTemp(cfg.Dir, "bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.Dir)) }()
	stop, err := b.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()

	measures := map[string]func(context.Context, *Result) error{
		Throughput: b.throughput, Schedule: b.schedule, Memory: b.memory, Analysis: b.analysis, Merge: b.merge, Senders: b.senders,
	}
	for _, part := range Parts {
		if !slices.Contains(cfg.Parts, part) {
			continue
		}
		if err := measures[part](ctx, r); err != nil {
			return nil, fmt.Errorf("%s: %w", part, err)
		}
	}
	r.Noisy, r.Repeated = b.noisy, repeats-b.repeats
	r.Seconds = time.Since(began).Seconds()
	r.judge()
	return r, nil
}

// bench is one bench at work.
type bench struct {
	Config
	url string
	// look tells what the processors have done so far.
	look func() (moment, error)
	// repeats is how many noisy measurements may still be repeated.
	repeats int
	// noisy tells that one had to be taken as it was.
	noisy bool
}

// serve starts the server; stop ends it.
func (b *bench) serve(ctx context.Context) (stop func() error, err error) {
	cmd := exec.CommandContext(ctx, b.Self, "serve")
	cmd.Stderr = b.Progress
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	stop = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), stop())
	}
	b.url = strings.TrimSpace(line)
	b.look = func() (moment, error) { return look(cmd.Process.Pid) }
	return stop, nil
}

// say tells what is being done.
func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.Progress, format+"\n", args...)
}
