package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// usage is what a process that has ended used.
type usage struct {
	cpu  time.Duration
	wall time.Duration
	// peak is the most memory that it held, in bytes, or this process before it if
	// that was more: Linux counts from the fork.
	peak int64
	out  []byte
}

// measure runs a program and tells what it used. Its stderr is part of the error.
func measure(ctx context.Context, accept func(code int) bool, name string, args ...string) (usage, error) {
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	if cmd.ProcessState == nil || !accept(cmd.ProcessState.ExitCode()) {
		return usage{}, fmt.Errorf("run %s %s: %w\n%s", name, strings.Join(args, " "), errors.Join(context.Cause(ctx), err), problems.Bytes())
	}
	peak, ok := peakOf(cmd.ProcessState)
	if !ok {
		return usage{}, fmt.Errorf("run %s: the system does not tell what it used", name)
	}
	return usage{
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		wall: wall,
		peak: peak,
		out:  out.Bytes(),
	}, nil
}

func succeeded(code int) bool { return code == 0 }

// peakMemory is the most memory that this process has held, in bytes.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	return parsePeak(string(status))
}

func parsePeak(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/self/status tells no peak (VmHWM)")
}
