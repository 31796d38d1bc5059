package script

import (
	"strings"
	"testing"
	"time"
)

// Whatever stands in a manifest, it is judged soon, alike each time, and without a panic.
func FuzzJudgement(f *testing.F) {
	for _, seed := range []string{
		"exec app", "sleep 5; nginx -s quit", "trap 'kill $p' TERM; app & p=$!; wait $p; wait $p",
		"if [ -n \"$X\" ]; then exec a; elif b; then c; else exec d; fi", "case $1 in a) sleep 1;; *) exec \"$@\";; esac",
		"f() { f; g; }; g() { f & g; }; f", "while true; do app || break; sleep 1; done", "for i in $(seq 1 9999); do sleep 1; done",
		"eval 'eval \"sleep 5\"'", "cat <<EOF | app\n$(sleep 5)\nEOF", "exec 3<&1 2>/dev/null; (exec app) |& tee x", ". /env; $START",
		"timeout -k 5 10 sleep 1m & wait $!", "sh -c 'sh -c \"sh -c app\"'", "[[ $a =~ x ]] && ((i++)) || let j=1", "coproc app; time sleep 1",
		"set -e; x; sleep ${A:-5}", "sleep infinity & trap 'kill 1' 15 EXIT; wait", "env A=1 su-exec app tini -g -- npm start",
	} {
		f.Add("sh\x00-c\x00"+seed, "A=5")
		f.Add("/usr/bin/env\x00bash\x00-euo\x00pipefail\x00-c\x00--\x00"+seed+"\x00x\x00y", "START=exec app")
	}
	f.Add("sleep\x005\x00&&\x00nginx", "")
	f.Add("tini\x00-g\x00-e\x00143\x00--\x00sh\x00/start.sh", "TINI_KILL_PROCESS_GROUP=1")
	f.Fuzz(func(t *testing.T, command, variable string) {
		words := strings.Split(command, "\x00")
		name, value, _ := strings.Cut(variable, "=")
		for _, sh := range []Dialect{"", Bash, Busybox, Korn} {
			c := Context{Sh: sh, Env: map[string]string{name: value}}
			began := time.Now()
			start, hook := First(words, c), Run(words, c)
			if took := time.Since(began); took > 5*time.Second {
				t.Fatalf("%q took %s", command, took)
			}
			if hook.Least < 0 || hook.First < 0 || hook.First > hook.Least || hook.OnlySleeps && !hook.Exact {
				t.Fatalf("%q: %+v", command, hook)
			}
			if start.Outcome > Unknown && start.Outcome != ReadsFile && start.Program == "" {
				t.Fatalf("%q: %+v without a program", command, start)
			}
			if again := First(words, c); again.Outcome != start.Outcome || again.Program != start.Program {
				t.Fatalf("%q: %+v, then %+v", command, start, again)
			}
		}
	})
}
