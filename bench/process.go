package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what a process that has ended used.
type usage struct {
	cpu  time.Duration
	peak int64 // resident memory, in bytes
	wall time.Duration
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
		return usage{}, fmt.Errorf("run %s %s: %w\n%s", name, strings.Join(args, " "), err, problems.Bytes())
	}
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return usage{}, fmt.Errorf("run %s: the system does not tell what it used", name)
	}
	return usage{
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak: used.Maxrss << 10, // Linux counts in KiB
		wall: wall,
		out:  out.Bytes(),
	}, nil
}

func succeeded(code int) bool { return code == 0 }

// busy is the time that all processors together have worked since the machine
// began, and how much of it one process has had.
type busy struct{ all, process time.Duration }

// tick is the unit of /proc (USER_HZ, which is 100 on every architecture that Go
// knows).
const tick = 10 * time.Millisecond

func readBusy(pid int) (busy, error) {
	machine, err := os.ReadFile("/proc/stat")
	if err != nil {
		return busy{}, err
	}
	process, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return busy{}, err
	}
	return parseBusy(string(machine), string(process))
}

func parseBusy(machine, process string) (busy, error) {
	line, _, _ := strings.Cut(machine, "\n")
	fields := strings.Fields(line)
	name := strings.LastIndex(process, ")") // it may hold anything
	own := strings.Fields(process[name+1:])
	if len(fields) < 8 || fields[0] != "cpu" || name < 0 || len(own) < 13 {
		return busy{}, fmt.Errorf("/proc/stat and /proc/PID/stat are not as proc(5) tells: %q, %q", line, process)
	}
	var b busy
	for _, i := range []int{1, 2, 3, 6, 7} { // user, nice, system, irq, softirq
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return busy{}, fmt.Errorf("/proc/stat: %w", err)
		}
		b.all += time.Duration(n) * tick
	}
	for _, i := range []int{11, 12} { // utime, stime
		n, err := strconv.ParseInt(own[i], 10, 64)
		if err != nil {
			return busy{}, fmt.Errorf("/proc/PID/stat: %w", err)
		}
		b.process += time.Duration(n) * tick
	}
	return b, nil
}
