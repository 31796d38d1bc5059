package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// command is the user's own release: a program with its arguments. What it
// does to the workload is not undone.
type command []check.Value

const (
	// outputKept bounds what is kept of a program's output, in bytes.
	outputKept = 16 << 10
	// commandGrace is how long a program may take to end after its SIGTERM,
	// and how long its children may hold on to its output after its end.
	commandGrace = 10 * time.Second
)

func (c command) validate(context.Context, *Workload, state) (field, problem string, err error) {
	if !hasGroups {
		return "", "this system cannot end what a command has started together with it; want Linux or macOS", nil
	}
	if _, err := exec.LookPath(c.program()); err != nil {
		return "", fmt.Sprintf("cannot run %q: %v", c.program(), err), nil
	}
	return "", "", nil
}

func (c command) describe(w *Workload, _ *state) string {
	return fmt.Sprintf("run %s and wait until %s is steady: what it changes stays", c.words(w), w)
}

func (c command) program() string { return c[0].Reveal() }

func (c command) arguments() []string {
	var texts []string
	for _, argument := range c[1:] {
		texts = append(texts, argument.Reveal())
	}
	return texts
}

// words name the program. Its arguments are told where values are shown.
func (c command) words(w *Workload) string {
	arguments := c.arguments()
	switch {
	case w.ShowValues || len(arguments) == 0:
		return shell.Words(slices.Concat([]string{c.program()}, arguments))
	case len(arguments) == 1:
		return shell.Word(c.program()) + " with 1 argument (hidden)"
	default:
		return fmt.Sprintf("%s with %d arguments (hidden)", shell.Word(c.program()), len(arguments))
	}
}

func (command) permissions(check.Workload) []Permission { return nil }

// do runs the program to its end, and waits until what it began is over.
func (c command) do(ctx context.Context, a *attempt, _ state) error {
	before := a.view.activePods()
	if err := c.run(ctx, a); err != nil {
		return err
	}
	now, err := a.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	return a.view.wait(ctx, func() (string, error) {
		missing, err := a.view.unsteady(now.meta.Generation)
		if err != nil || len(missing) > 0 {
			return joinReasons(missing), err
		}
		return a.counted(ctx, before)
	})
}

// run runs the program and records how it ended.
func (c command) run(ctx context.Context, a *attempt) error {
	output := &tail{shown: a.Workload.ShowValues, also: a.Output}
	program := exec.CommandContext(ctx, c.program(), c.arguments()...)
	program.Stdout, program.Stderr = output, output
	program.SysProcAttr = ownGroup()
	program.Cancel = func() error { return signalGroup(program.Process.Pid, syscall.SIGTERM) }
	program.WaitDelay = commandGrace
	when, err := a.during(func() error { return runGroup(program, a.Group) })
	if program.Process == nil {
		return fmt.Errorf("start %s: %w", c.program(), err)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and only a child of it kept its output open
	}
	code := program.ProcessState.ExitCode()
	action := a.action(a.Workload.String(), recording.Commanded, when, fmt.Sprintf("%s: %s", c.program(), program.ProcessState))
	action.ExitCode, action.OutputBytes, action.OutputLines = &code, output.bytes, output.lines()
	if a.Workload.ShowValues {
		action.Output = output.String()
	}
	a.Record(action)
	switch {
	case ctx.Err() != nil:
		return &waitError{reason: c.program() + " was still running" + output.last(), err: context.Cause(ctx)}
	case err != nil:
		return &waitError{reason: c.program() + " failed" + output.last(), err: err}
	}
	return nil
}

// runGroup runs a program that leads a group to its end, and leaves nothing of the group
// running, however the program ends: what it has started belongs to this disruption, and
// must not go on into the next one or after the run. Whatever is to stay makes itself a
// session of its own, as daemons do (setsid(2)).
//
// The group is asked to end only where ctx ended the program: at its own end the program
// has had its time to do so. What began tells, if set, is for those who end this process
// before that.
func runGroup(program *exec.Cmd, began func(leader int) (ended func())) error {
	// The kernel ends the program with the thread that started it (ownGroup): the thread
	// must not be another goroutine's to end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := program.Start(); err != nil {
		return err
	}
	if began != nil {
		defer began(program.Process.Pid)()
	}
	defer KillGroup(program.Process.Pid) // most often nobody is left
	return program.Wait()
}

// KillGroup kills the group of a leader that Driver.Group was told of.
func KillGroup(leader int) { _ = signalGroup(leader, syscall.SIGKILL) }

// tail counts what is written to it, and keeps the end of it.
type tail struct {
	// shown tells whether any of it may be repeated.
	shown bool
	// also has all of it at once; nil drops it.
	also  io.Writer
	kept  []byte
	cut   bool
	bytes int64
	// breaks are the line breaks, open is a line behind the last of them.
	breaks int64
	open   bool
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	if len(p) > 0 {
		t.bytes += int64(len(p))
		t.breaks += int64(bytes.Count(p, []byte{'\n'}))
		t.open = p[len(p)-1] != '\n'
	}
	if t.also != nil {
		_, _ = t.also.Write(p) // a reader who is gone does not end the program
	}
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - outputKept; over > 0 {
		t.kept, t.cut = slices.Delete(t.kept, 0, over), true
	}
	return len(p), nil
}

// String gives what is kept, from the beginning of a line where there is one.
func (t *tail) String() string {
	text := strings.ToValidUTF8(string(t.kept), "\uFFFD")
	if _, rest, ok := strings.Cut(text, "\n"); ok && t.cut {
		return rest
	}
	return text
}

func (t *tail) lines() int64 {
	if t.open {
		return t.breaks + 1
	}
	return t.breaks
}

// last gives the last line, in the words of a reason. What a program says on
// failing often names what it was given, so where values are hidden the reason
// only counts: the words were there to be read while it ran.
func (t *tail) last() string {
	switch {
	case t.bytes == 0:
		return "; it wrote nothing"
	case !t.shown && t.lines() == 1:
		return "; it wrote 1 line, which is not recorded"
	case !t.shown:
		return fmt.Sprintf("; it wrote %d lines, which are not recorded", t.lines())
	}
	lines := strings.Split(strings.TrimSpace(t.String()), "\n")
	if line := lines[len(lines)-1]; line != "" {
		return "; its last words: " + strings.TrimSpace(line)
	}
	return "; it wrote nothing"
}
