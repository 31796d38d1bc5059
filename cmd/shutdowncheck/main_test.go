package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts' cmp commands find into the scripts")

// TestMain makes this test binary the program as well, under its own name on
// PATH, and under the one that makes it a plugin of kubectl.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"shutdowncheck": main, "kubectl-shutdowncheck": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     scriptExits,
			"complains": scriptComplains,
			"nodes":     scriptNodes,
			"program":   scriptProgram,
			"record":    scriptRecord,
			"truncate":  scriptTruncate,
		},
	})
}

// scriptExits runs a program that has to end with the given code:
//
//	exits CODE PROGRAM [ARGUMENT...]
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT...]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// scriptComplains is scriptExits for a program that has to say one line about
// it, on stderr, and nothing on stdout:
//
//	complains CODE REGEXP PROGRAM [ARGUMENT...]
func scriptComplains(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: complains CODE REGEXP PROGRAM [ARGUMENT...]")
	}
	want := regexp.MustCompile("^shutdowncheck: " + args[1] + "\n$")
	scriptExits(ts, false, append([]string{args[0]}, args[2:]...))
	if stdout := ts.ReadFile("stdout"); stdout != "" {
		ts.Fatalf("spoke on stdout: %s", stdout)
	}
	stderr := ts.ReadFile("stderr")
	if strings.Count(stderr, "\n") != 1 || !want.MatchString(stderr) {
		ts.Fatalf("stderr does not match %s:\n%s", want, stderr)
	}
}

// scriptRecord writes a recording:
//
//	record VERDICT FOLDER
func scriptRecord(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: record VERDICT FOLDER")
	}
	ts.Check(record(args[0], ts.MkAbs(args[1])))
}

// scriptTruncate cuts a file:
//
//	truncate BYTES FILE
func scriptTruncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate BYTES FILE")
	}
	size, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[1]), size))
}
