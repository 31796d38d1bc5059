package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// command is the user's own release: a program with its arguments. What it
// does to the workload is not undone.
type command []string

const (
	// outputKept bounds what is kept of a program's output, in bytes.
	outputKept = 16 << 10
	// commandGrace is how long a program may take to end after its SIGTERM,
	// and how long its children may hold on to its output after its end.
	commandGrace = 10 * time.Second
)

func (c command) unfit(context.Context, *Workload, state) (field, problem string, err error) {
	if _, err := exec.LookPath(c[0]); err != nil {
		return "", fmt.Sprintf("cannot run %q: %v", c[0], err), nil
	}
	return "", "", nil
}

func (c command) describe(w *Workload, _ *state) string {
	return fmt.Sprintf("run %s and wait until %s is steady: what it changes stays", strings.Join(c, " "), w)
}

func (command) permissions(check.Workload) []Permission { return nil }

// do runs the program to its end, and waits until what it began is over.
func (c command) do(ctx context.Context, a *attempt, _ state) error {
	before := a.view.live()
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
			return sentence(missing), err
		}
		return a.counted(ctx, before)
	})
}

// counted compares the pods with those before, as the API has them now: the
// watch may not have told yet what the program did last.
func (a *attempt) counted(ctx context.Context, before []*corev1.Pod) (reason string, err error) {
	present, err := a.Workload.pods(ctx)
	if ctx.Err() != nil {
		return "the pods were to be counted", nil
	}
	if err != nil {
		return "", err
	}
	there := map[types.UID]bool{}
	for _, pod := range present {
		there[pod.UID] = true
		if why := trouble(pod); why != "" && !ended(pod) {
			return why, nil
		}
	}
	a.doomed = slices.DeleteFunc(slices.Clone(before), func(pod *corev1.Pod) bool { return there[pod.UID] })
	return "", nil
}

// run runs the program and records how it ended.
func (c command) run(ctx context.Context, a *attempt) error {
	output := &tail{}
	program := exec.CommandContext(ctx, c[0], c[1:]...)
	program.Stdout, program.Stderr = output, output
	program.SysProcAttr = ownGroup()
	program.Cancel = func() error { return signalGroup(program, syscall.SIGTERM) }
	program.WaitDelay = commandGrace
	when, err := a.during(func() error { return runGroup(program) })
	if program.Process == nil {
		return fmt.Errorf("starting %s: %w", c[0], err)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and only a child of it kept its output open
	}
	code := program.ProcessState.ExitCode()
	action := a.action(a.Workload.String(), recording.Commanded, when, fmt.Sprintf("%s: %s", c[0], program.ProcessState))
	action.ExitCode, action.Output = &code, output.String()
	a.Record(action)
	switch {
	case ctx.Err() != nil:
		return &waitError{reason: c[0] + " was still running" + output.last(), err: context.Cause(ctx)}
	case err != nil:
		return &waitError{reason: c[0] + " failed" + output.last(), err: err}
	}
	return nil
}

// runGroup runs a program that leads a group to its end, and leaves nothing of the group
// running, however the program ends: what it has started belongs to this disruption, and
// must not go on into the next one or after the run. Whatever is to stay makes itself a
// session of its own, as daemons do (setsid(2)).
//
// The group is asked to end only where ctx ended the program: at its own end the program
// has had its time to do so.
func runGroup(program *exec.Cmd) error {
	// The kernel ends the program with the thread that started it (ownGroup): the thread
	// must not be another goroutine's to end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() {
		if program.Process != nil {
			_ = signalGroup(program, syscall.SIGKILL) // most often nobody is left
		}
	}()
	return program.Run()
}

// signalGroup sends a signal to the group that a program leads.
func signalGroup(program *exec.Cmd, signal syscall.Signal) error {
	err := syscall.Kill(-program.Process.Pid, signal)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// tail keeps the end of what is written to it.
type tail struct {
	kept []byte
	cut  bool
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
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

// last gives the last line, in the words of a reason.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(t.String()), "\n")
	if line := lines[len(lines)-1]; line != "" {
		return "; its last words: " + strings.TrimSpace(line)
	}
	return "; it wrote nothing"
}
