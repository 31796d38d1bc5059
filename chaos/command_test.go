package chaos

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

func commandOf(script string) check.Disruption {
	return check.Disruption{Command: check.NewValues("/bin/sh", "-c", script)}
}

func TestCommand(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	pods := c.Pods()
	record := r.Record
	r.Record = func(a recording.Action) {
		record(a)
		if a.Kind == recording.Commanded {
			c.must(c.Client.Tracker().Delete(fakecluster.Pods, namespace, pods[1].Name))
			c.MakePod(c.Deployment())
		}
	}
	if err := r.Do(t.Context(), 0, commandOf("echo out; echo err >&2")); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Commanded, recording.Steady)
	ran := r.actions[0]
	if ran.ExitCode == nil || *ran.ExitCode != 0 || ran.Output != "" || ran.OutputBytes != 8 || ran.OutputLines != 2 || !ran.Done.After(ran.At) {
		t.Errorf("got %+v", ran)
	}
	want(t, "doomed", r.actions[1].Doomed, pods[1].Name)
	want(t, "writes", c.Writes(), "patch deployments/")
}

func TestCommandThatFails(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	err := r.Do(t.Context(), 0, commandOf("echo first; echo no such chart >&2; exit 3"))
	const told = "command of deployment/web did not come to its end (exit status 3): /bin/sh failed; it wrote 2 lines, which are not recorded"
	if _, ok := errors.AsType[*NotSteadyError](err); !ok || err.Error() != told {
		t.Errorf("got  %v\nwant %s", err, told)
	}
	want(t, "actions", r.kinds(), recording.Commanded, recording.NotSteady)
	want(t, "exit code", []int{*r.actions[0].ExitCode}, 3)
}

func TestCommandThatDoesNotExist(t *testing.T) {
	c := newCluster(t)
	d := check.Disruption{Command: check.NewValues("no-such-program", "upgrade")}
	_, err := c.open().Plan(t.Context(), []check.Disruption{d})
	if _, ok := errors.AsType[*PlanError](err); !ok || !strings.HasPrefix(err.Error(), `disruptions[0].command: cannot run "no-such-program": `) {
		t.Errorf("got %v", err)
	}
}

// The whole group ends with ctx: the program by its SIGTERM, and a child that
// does not hear of it.
func TestCommandEndsWithItsContext(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	ready := filepath.Join(t.TempDir(), "ready")
	c.must(syscall.Mkfifo(ready, 0o600))
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		_, _ = os.ReadFile(ready) // until the program has written to it
		cancel(errors.New("stopped"))
	}()
	err := r.Do(ctx, 0, commandOf("trap 'echo bye; exit 0' TERM; sleep 600 & echo > "+ready+"; wait"))
	const told = "command of deployment/web did not come to its end (stopped): /bin/sh was still running; it wrote 1 line, which is not recorded"
	if text(err) != told {
		t.Errorf("got  %v\nwant %s", err, told)
	}
}

// Nothing of a command's group is left, however the command ends: also not a child that
// ignores SIGTERM and let go of the command's output.
func TestCommandLeavesNothingRunning(t *testing.T) {
	const child = "trap '' TERM; exec 9>HELD; sleep 600 </dev/null >/dev/null 2>&1 & exec 9>&-; trap - TERM; "
	tests := map[string]string{
		"it ends well":            child,
		"it fails":                child + "exit 3",
		"it is killed":            child + "kill -KILL $$",
		"its time is over":        child + "echo > READY; exec sleep 600 >/dev/null",
		"it ends well at SIGTERM": child + "trap 'exit 0' TERM; echo > READY; while :; do sleep 0.1; done",
	}
	for name, script := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			r := c.begin("run-1")
			ready, held := filepath.Join(t.TempDir(), "ready"), filepath.Join(t.TempDir(), "held")
			c.must(syscall.Mkfifo(ready, 0o600))
			c.must(syscall.Mkfifo(held, 0o600))
			ctx, cancel := context.WithCancelCause(t.Context())
			gone := make(chan error, 1)
			go func() {
				_, err := os.ReadFile(held) // until nobody has it open any more
				gone <- err
			}()
			go func() {
				_, _ = os.ReadFile(ready) // until the program has written to it
				cancel(errors.New("stopped"))
			}()
			_ = r.Do(ctx, 0, commandOf(strings.NewReplacer("HELD", held, "READY", ready).Replace(script)))
			select {
			case err := <-gone:
				c.must(err)
			case <-time.After(5 * time.Second):
				t.Error("a child is left")
			}
		})
	}
}

func TestTail(t *testing.T) {
	var kept tail
	for range 10_000 {
		if _, err := kept.Write([]byte("0123456789\n")); err != nil {
			t.Fatal(err)
		}
	}
	text := kept.String()
	if len(text) > outputKept || len(text) < outputKept-11 || !strings.HasPrefix(text, "0123456789\n") {
		t.Errorf("kept %d bytes, from %q", len(text), text[:11])
	}
}
