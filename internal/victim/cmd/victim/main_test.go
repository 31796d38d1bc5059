package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary play the command itself, so that real signals
// and real exit codes can be tried.
func TestMain(m *testing.M) {
	if os.Getenv("BE_VICTIM") == "true" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, environ ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append([]string{"BE_VICTIM=true", "VICTIM_ADDR=127.0.0.1:0"}, environ...)
	return cmd
}

func wantExit(t *testing.T, err error, want int) {
	t.Helper()
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("exit code %d, want %d", got, want)
	}
}

func TestSigterm(t *testing.T) {
	for environ, want := range map[string]int{
		"VICTIM_ON_SIGTERM=drain": 0,
		"VICTIM_ON_SIGTERM=exit":  2,
	} {
		cmd := command(t, environ)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"listening"`) {
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
		}
		wantExit(t, cmd.Wait(), want)
	}
}

func TestBadUsage(t *testing.T) {
	for name, tc := range map[string]struct{ args, environ, says string }{
		"value":    {"", "VICTIM_STATUS=ok", `victim: VICTIM_STATUS="ok": want a whole number from 200 to 599`},
		"unknown":  {"", "VICTIM_STATE=ok", "victim: VICTIM_STATE: no such variable; there are VICTIM_ADDR, "},
		"argument": {"-h", "POD_NAME=p", `victim: "-h": takes no arguments`},
		"log dir":  {"", "VICTIM_LOG_DIR=/dev/null/out", "victim: mkdir /dev/null: not a directory"},
	} {
		cmd := command(t, tc.environ)
		cmd.Args = append(cmd.Args, strings.Fields(tc.args)...)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		wantExit(t, cmd.Run(), 2)
		if stdout.String() != "" || !strings.HasPrefix(stderr.String(), tc.says) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: stdout %q, stderr %q", name, stdout.String(), stderr.String())
		}
	}
}
