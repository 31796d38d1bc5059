package script

import (
	"testing"
	"time"
)

func TestScriptsInFiles(t *testing.T) {
	files := map[string]File{
		"/s/run.sh":   {Text: "#!/bin/sh\nmigrate\napp\n", Executable: true},
		"/s/exec.sh":  {Text: "#!/usr/bin/env bash\nset -e\nexec app\n", Executable: true},
		"/s/start":    {Text: "#!/usr/bin/env -S dash -e\nsleep 3\nkill -TERM 1\n", Executable: true},
		"/s/plain.sh": {Text: "exec app\n"},
		"/s/app.py":   {Text: "#!/usr/bin/python3\nimport time\n", Executable: true},
		"/s/again.sh": {Text: "#!/bin/sh\n/s/again.sh\n", Executable: true},
	}
	for _, tt := range []struct {
		words []string
		want  Outcome
		fails bool
	}{
		{words: []string{"/s/run.sh"}, want: Stays},
		{words: []string{"sh", "/s/run.sh"}, want: Stays},
		{words: []string{"bash", "-e", "/s/run.sh", "x"}, want: Stays},
		{words: []string{"busybox", "sh", "/s/run.sh"}, want: Stays},
		{words: []string{"/s/exec.sh"}, want: Reaches},
		{words: []string{"sh", "-c", "exec /s/run.sh"}, want: Stays},
		{words: []string{"sh", "-c", "exec /s/exec.sh"}, want: Reaches},
		{words: []string{"/s/plain.sh"}, want: ReadsFile, fails: true},
		{words: []string{"sh", "/s/plain.sh"}, want: Reaches},
		{words: []string{"/s/app.py"}, want: Reaches},
		{words: []string{"sh", "/s/other.sh"}, want: ReadsFile},
	} {
		got := First(tt.words, Context{Files: files})
		if got.Outcome != tt.want || (got.Fails != "") != tt.fails {
			t.Errorf("%q: %+v, want outcome %d", tt.words, got, tt.want)
		}
	}
	First([]string{"/s/again.sh"}, Context{Files: files})
	Run([]string{"/s/again.sh"}, Context{Files: files})
	if got := Run([]string{"/s/start"}, Context{Files: files}); got.Quits == nil || got.Quits.After != 3*time.Second {
		t.Errorf("a hook's script is not read: %+v", got)
	}
	if got := Run([]string{"sh", "/s/start"}, Context{Files: files}); got.Least != 3*time.Second || !got.Exact {
		t.Errorf("a hook's script is not read: %+v", got)
	}
	if got := Run([]string{"/s/plain.sh"}, Context{Files: files}); got.Fails == "" {
		t.Error("a file without the right to be run is run")
	}
}
