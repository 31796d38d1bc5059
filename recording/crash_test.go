package recording

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// crashingIn names the variable that makes this test binary a process that
// records into the folder which it holds, until it is killed.
const crashingIn = "SHUTDOWNCHECK_TEST_RECORD_IN"

// The process that is killed records this many samples in each second of its
// clock, which goes by the samples and so does not depend on the machine.
const crashRate = 5000

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashingIn); dir != "" {
		fmt.Fprintln(os.Stderr, recordUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// recordUntilKilled says on stdout how many samples it has recorded. It ends by
// itself only on an error, or where nobody kills it.
func recordUntilKilled(dir string) error {
	recorded := 0
	w, err := Create(dir, func() time.Time { return began.Add(time.Duration(recorded) * time.Second / crashRate) })
	if err != nil {
		return err
	}
	if err := w.Header(Header{Tool: "test", Began: began, Check: someCheck}); err != nil {
		return err
	}
	const nobody = 200 * crashRate
	for ; recorded < nobody; recorded++ {
		w.Sample(sampleNumber(recorded))
		if recorded%100 == 0 {
			fmt.Println(recorded + 1)
			time.Sleep(time.Millisecond)
		}
	}
	return errors.New("nobody killed it")
}

// A run that is killed leaves all but its last seconds, whenever that is.
func TestKilledProcessLeavesAllButItsLastSeconds(t *testing.T) {
	for _, killedAfter := range []int{65_000, 78_000, 91_000} {
		t.Run(fmt.Sprint(killedAfter), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "run")
			recorded := killWhileRecording(t, dir, killedAfter)

			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if r.Ending != nil {
				t.Error("it has an end")
			}
			read := 0
			for s, err := range r.Samples() {
				if err != nil {
					t.Fatal(err)
				}
				if *s != sampleNumber(read) {
					t.Fatalf("sample %d is %+v", read, *s)
				}
				read++
			}
			if lost, most := recorded-read, 2*int(SegmentAge.Seconds())*crashRate; lost > most {
				t.Errorf("%d of %d samples are lost; %d may be", lost, recorded, most)
			}
		})
	}
}

// killWhileRecording starts a process that records, kills it once it has
// recorded as many samples as asked for, and says how many it had.
func killWhileRecording(t *testing.T, dir string, after int) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), crashingIn+"="+dir)
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	recorded, killed := 0, false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if recorded, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
		if recorded >= after && !killed {
			killed = true
			if err := syscall.Kill(child.Process.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	ended, ok := errors.AsType[*exec.ExitError](child.Wait())
	if !ok {
		t.Fatal("it ended by itself")
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("it was not killed: %v", ended)
	}
	return recorded
}
