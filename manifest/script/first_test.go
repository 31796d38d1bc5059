package script

import (
	"slices"
	"testing"
)

func TestFirst(t *testing.T) {
	for _, tt := range []struct {
		words   []string
		sh      Dialect
		want    Outcome
		program string
	}{
		{words: []string{"/app/server"}, want: Reaches},
		{words: []string{"/start.sh"}, want: ReadsFile},
		{words: []string{"/docker-entrypoint.sh", "app"}, want: Reaches},
		{words: []string{"catalina.sh", "run"}, want: Reaches},
		{words: []string{"/usr/local/tomcat/bin/catalina.sh", "jpda", "run"}, want: Reaches},
		{words: []string{"bash", "bin/catalina.sh", "run", "-security"}, want: Reaches},
		{words: []string{"sh", "-c", "exec bin/catalina.sh run"}, want: Reaches},
		{words: []string{"sh", "-c", "bin/catalina.sh run"}, want: Stays, program: "java"},
		{words: []string{"catalina.sh", "start"}, want: ReadsFile},
		{words: []string{"catalina.sh"}, want: ReadsFile},
		{words: []string{"apachectl", "-D", "FOREGROUND"}, want: MayStay, program: "httpd"},
		{words: []string{"/usr/sbin/apache2ctl", "-DFOREGROUND"}, want: MayStay, program: "httpd"},
		{words: []string{"apachectl", "start"}, want: Reaches},
		{words: []string{"sh", "-c", "exec apachectl -DFOREGROUND"}, want: MayStay, program: "httpd"},
		{words: []string{"sh", "-c", "httpd -DFOREGROUND"}, want: Stays, program: "httpd -DFOREGROUND"},
		{words: []string{"npm", "start"}, want: Launched, program: "npm"},
		{words: []string{"nodemon", "server.js"}, want: Launched, program: "nodemon"},
		{words: []string{"go", "run", "./cmd/server"}, want: Launched, program: "go run"},
		{words: []string{"go", "version"}, want: Reaches},
		{words: []string{"sh", "-c", ". /env; /app/server"}, want: Stays, program: "/app/server"},
		{words: []string{"sh", "-c", ". /env && python app.py"}, want: Stays, program: "python app.py"},
		{words: []string{"sh", "-c", ". /lib.sh; serve"}, want: Unknown, program: "serve"},
		{words: []string{"sh", "-c", ". /start.sh"}, want: Unknown},
		{words: []string{"sh", "-c", "/app/server; . /start.sh"}, want: Unknown},
		{words: []string{"sh", "-c", "if . /env; then /app/server; fi; true"}, want: Stays, program: "/app/server"},
		{words: []string{"sh", "-c", "/app/server & . /wait.sh"}, want: Unknown},
		{words: []string{"tini", "--", "yarn", "start"}, want: Launched, program: "yarn"},
		{words: []string{"sh", "-c", "exec pnpm start"}, want: Launched, program: "pnpm"},
		{words: []string{"sh", "-c", "npm start"}, want: Stays, program: "npm start"},
		{words: []string{"sh", "-c", "bundle exec rails s"}, want: Stays, program: "rails s"},
		{words: []string{"sh", "-c", ". /env; app"}, want: Unknown, program: "app"},
		{words: []string{"sh", "-c", "java -Xmx1g -jar app.jar; true"}, want: Stays, program: "java -Xmx1g -jar ..."},
		{words: []string{"$(START)"}, want: Unknown},
		{words: []string{"sh", "-c", "$(START)"}, want: Unknown},
		{words: []string{"sh", "-c", "app --port $(PORT)"}, want: Stays, program: "app --port $(PORT)"},
		{words: []string{"sh", "-c", "nginx -g 'daemon off;'"}, want: Stays, program: "nginx -g daemon off;"},
		{words: []string{"bash", "-c", "builtin exec node a.js"}, want: Reaches},
		{words: []string{"bash", "-c", "exec -a web app"}, want: Reaches},
		{words: []string{"sh", "-c", "exec -- app"}, sh: Busybox, want: Reaches},

		// Where the script stands.
		{words: []string{"sh", "/start"}, want: ReadsFile},
		{words: []string{"sh"}, want: Unknown},
		{words: []string{"sh", "-c"}, want: Unknown},
		{words: []string{"/bin/sh", "-c", "-x", "exec app"}, want: Reaches},
		{words: []string{"/bin/sh", "-c", "-x", "app"}, want: Stays, program: "app"},
		{words: []string{"bash", "-c", "--", "exec app"}, want: Reaches},
		{words: []string{"sh", "-c", "--", "-app"}, want: Stays, program: "-app"},
		{words: []string{"bash", "-euo", "pipefail", "-c", "app; app2 | tee log"}, want: Stays, program: "app2"},
		{words: []string{"bash", "-eux", "-o", "pipefail", "-c", "exec app"}, want: Reaches},
		{words: []string{"bash", "--login", "-c", "app"}, want: Reaches, program: "app"},
		{words: []string{"bash", "-c", "app\n"}, want: MayStay, program: "app"},
		{words: []string{"bash", "-c", "app;"}, want: MayStay, program: "app"},
		{words: []string{"bash", "-c", "A=1 app --port 80"}, want: Reaches},
		{words: []string{"bash", "-c", "migrate && app"}, want: MayStay, program: "app"},
		{words: []string{"bash", "-c", "app > log"}, want: Stays, program: "app"},
		{words: []string{"bash", "-c", "npm start"}, want: Launched, program: "npm start"},
		{words: []string{"/usr/bin/env", "bash", "-c", "app | cat"}, want: Stays, program: "app"},
		{words: []string{"/usr/bin/env", "A=1", "sh", "-c", "app"}, want: Stays, program: "app"},
		{words: []string{"busybox", "sh", "-c", "app"}, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", `exec "$@"`, "sh", "app"}, want: Reaches},
		{words: []string{"sh", "-c", `"$@"`, "sh", "app"}, want: Stays, program: "app"},
		{words: []string{"sh", "-c", `"$0" "$@"`, "app", "-v"}, want: Stays, program: "app -v"},
		{words: []string{"gosu", "app", "sh", "-c", "app"}, want: Stays, program: "app"},
		{words: []string{"su-exec", "app:app", "app"}, want: Reaches},
		{words: []string{"chpst", "-u", "app", "sh", "-c", "exec app"}, want: Reaches},

		// The shell's own version. All of these were measured.
		{words: []string{"sh", "-c", "app"}, sh: Dash, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "app"}, sh: Bash, want: Reaches, program: "app"},
		{words: []string{"sh", "-c", "app"}, sh: Busybox, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "cd /x && app;"}, sh: Bash, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "app 2>&1"}, sh: Bash, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "app 2>&1"}, sh: Busybox, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "if true; then app; fi"}, sh: Bash, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "if true; then app; fi"}, sh: Busybox, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "(app)"}, sh: Bash, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "! app"}, sh: Busybox, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "app || exit 1"}, sh: Busybox, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "app; true"}, sh: Busybox, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "trap 'exit 0' TERM; app"}, sh: Busybox, want: Waits, program: "app"},
		{words: []string{"bash", "-c", "trap 'echo bye' EXIT; app"}, want: Cuts, program: "app"},
		{words: []string{"dash", "-c", "trap 'echo bye' EXIT; app"}, want: Stays, program: "app"},
		{words: []string{"bash", "-c", "trap 'kill $p; wait $p' EXIT; app & p=$!; wait $p"}, want: Reaches},
		{words: []string{"bash", "-c", "trap 'kill $p' EXIT; app & p=$!; wait $p"}, want: Hurries, program: "app"},
		{words: []string{"bash", "-c", "trap 'echo bye' EXIT; app & wait"}, want: Cuts, program: "app"},
		{words: []string{"bash", "-c", "trap 'kill $(jobs -p); wait' TERM; app & wait"}, want: Reaches},
		{words: []string{"sh", "-c", "(exec app)"}, sh: Busybox, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "command app"}, sh: Bash, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "helper & until x; do sleep 1; done; app"}, sh: Busybox, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "migrate; app & while kill -0 $!; do sleep 1; done"}, sh: Busybox, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "eval app"}, sh: Busybox, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "helper & app"}, sh: Bash, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "helper & app"}, sh: Busybox, want: MayStay, program: "app"},
		{words: []string{"sh", "-c", "f() { app; }; f"}, sh: Busybox, want: Stays, program: "app"},

		// Dash knows no SIGTERM.
		{words: []string{"sh", "-c", "trap 'kill $p; wait $p' SIGTERM; app & p=$!; wait $p"}, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "trap 'kill -SIGTERM $p; wait $p' TERM; app & p=$!; wait $p"}, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "trap 'kill -s SIGTERM $p; wait $p' TERM; app & p=$!; wait $p"}, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "trap 'kill $p; wait $p' SIGINT TERM; app & p=$!; wait $p"}, want: Stays, program: "app"},
		{words: []string{"sh", "-c", "trap 'kill $p; wait $p' TERM SIGINT; app & p=$!; wait $p"}, want: Reaches},
		{words: []string{"sh", "-c", "trap 'kill -term $p; wait $p' term; app & p=$!; wait $p"}, want: Reaches},
		{words: []string{"sh", "-c", "trap 'pkill -SIGTERM app; wait' TERM; app & wait"}, want: Reaches},
		{words: []string{"sh", "-c", "trap 'kill -SIGTERM $p; wait $p' SIGTERM; app & p=$!; wait $p"}, sh: Bash, want: Reaches},
		{words: []string{"sh", "-c", "trap 'kill -SIGTERM $p; wait $p' SIGTERM; app & p=$!; wait $p"}, sh: Busybox, want: Reaches},

		// What is in the background, behind a shell or not.
		{words: []string{"dash", "-c", "trap 'kill $p; wait $p' TERM; cd /x && app & p=$!; wait $p"}, want: Reaches},
		{words: []string{"bash", "-c", "trap 'kill $p; wait $p' TERM; cd /x && app & p=$!; wait $p"}, want: Cuts, program: "app"},
		{words: []string{"bash", "-c", "trap 'kill $p; wait $p' TERM; { app; } & p=$!; wait $p"}, want: Cuts, program: "app"},
		{words: []string{"bash", "-c", "trap 'kill $p; wait $p' TERM; (cd /x; app) & p=$!; wait $p"}, want: Reaches},
		{words: []string{"bash", "-c", "trap 'killall app; wait' TERM; cd /x && app & wait"}, want: Reaches},

		// Other users.
		{words: []string{"runuser", "-u", "web", "--", "app", "-v"}, want: Rushes, program: "app -v"},
		{words: []string{"runuser", "-g", "web", "-u", "web", "app"}, want: Rushes, program: "app"},
		{words: []string{"su", "-s", "/bin/sh", "-c", "exec app", "web"}, sh: Bash, want: Rushes, program: "app"},
		{words: []string{"su", "-", "web", "-c", "app"}, want: Rushes, program: "app"},
		{words: []string{"su", "web", "--command=app"}, want: Rushes, program: "app"},
		{words: []string{"sh", "-c", "exec su web -c app"}, want: Rushes, program: "app"},
		{words: []string{"sh", "-c", "su web -c app"}, want: Stays, program: "app"},
		{words: []string{"su", "-s", "/bin/sh", "-c", "exec app", "web"}, sh: Busybox, want: Reaches},
		{words: []string{"su", "-c", "app; true", "web"}, sh: Busybox, want: Stays, program: "app"},
		{words: []string{"su", "web"}, want: Reaches},

		// Those that become a program, or have it as a child.
		{words: []string{"setpriv", "--reuid", "1000", "--clear-groups", "sh", "-c", "app; true"}, want: Stays, program: "app"},
		{words: []string{"taskset", "-c", "1", "sh", "-c", "app; true"}, want: Stays, program: "app"},
		{words: []string{"chrt", "-o", "0", "sh", "-c", "app; true"}, want: Stays, program: "app"},
		{words: []string{"chroot", "--userspec=web", "/", "sh", "-c", "app; true"}, want: Stays, program: "app"},
		{words: []string{"ddtrace-run", "sh", "-c", "app; true"}, want: Stays, program: "app"},
		{words: []string{"chamber", "exec", "-r", "1", "web", "--", "sh", "-c", "app; true"}, want: Stays, program: "app"},
		{words: []string{"timeout", "-k", "5", "1h", "app"}, want: Reaches, program: "app"},
		{words: []string{"doppler", "run", "--", "sh", "-c", "app; true"}, want: Reaches},

		{words: []string{"flock", "/lock", "app", "-v"}, want: Stays, program: "app -v"},
		{words: []string{"/usr/bin/flock", "-n", "-w", "5", "/lock", "-c", "app"}, want: Stays, program: "sh -c app"},
		{words: []string{"flock", "-nF", "/lock", "app"}, want: Reaches},
		{words: []string{"flock", "--no-fork", "/lock", "app"}, want: Reaches},
		{words: []string{"flock", "9"}, want: Reaches},
		{words: []string{"unshare", "-fp", "--mount-proc", "app"}, want: Stays, program: "app"},
		{words: []string{"unshare", "-n", "app"}, want: Reaches},
		{words: []string{"unshare", "--fork", "--forward-signals", "app"}, want: Reaches},
		{words: []string{"/usr/bin/time", "-v", "app"}, want: Stays, program: "app"},
		{words: []string{"tini", "--", "unshare", "-f", "app"}, want: Reaches},
		{words: []string{"tini", "--", "flock", "/lock", "app"}, want: Stays, program: "app"},

		// Inits.
		{words: []string{"tini", "--", "app"}, want: Reaches},
		{words: []string{"tini", "--", "sh", "-c", "app"}, want: Stays, program: "app"},
		{words: []string{"dumb-init", "-c", "sh", "-c", "app"}, want: Stays, program: "app"},
		{words: []string{"dumb-init", "--rewrite", "15:3", "app"}, want: Unknown},
		{words: []string{"sh", "-c", "exec tini -- app"}, want: Reaches},
	} {
		got := First(tt.words, Context{Sh: tt.sh})
		if got.Outcome != tt.want || tt.program != "" && got.Program != tt.program {
			t.Errorf("%q (%s): got %d %q, want %d %q", tt.words, tt.sh, got.Outcome, got.Program, tt.want, tt.program)
		}
	}
}

func TestFirstOfScripts(t *testing.T) {
	for script, want := range map[string]Outcome{
		"exec app":                        Reaches,
		"exec app; echo stopped":          Reaches,
		"exec app || exit 1":              Reaches,
		"exec migrate && app":             Reaches,
		"cd /srv && exec ./app --port 80": Reaches,
		"migrate && exec app":             Reaches,
		"A=1 exec app 2>&1":               Reaches,
		"exec 2>&1\nexec app":             Reaches,
		"exec -a web app":                 Unknown,
		`exec "$JAVA_HOME/bin/java" -jar`: Reaches,
		"exec $START":                     Reaches,
		"set -e\nuntil nc -z db 1; do sleep 1; done\nexec app": Reaches,
		"if [ -n \"$X\" ]; then exec a; else exec b; fi":       Reaches,
		"if [ -n \"$X\" ]; then exec a; fi\nexec b":            Reaches,
		"case $1 in a) exec a;; *) exec b;; esac":              Reaches,
		"[ -x /a ] && exec /a; exec /b":                        Reaches,
		"run() { exec app; }\nrun":                             Reaches,
		"eval 'exec app'":                                      Reaches,
		"cat >/etc/x <<EOF\nexec\nEOF\nexec app":               Reaches,
		"x=$(migrate) && exec app \"$x\"":                      Reaches,
		"# nothing":                                            Reaches,
		"":                                                     Reaches,
		"sleep infinity":                                       Reaches,
		"echo hello":                                           Reaches,
		"helper & exec app":                                    Reaches,
		"trap 'kill $p; wait $p' TERM; app & p=$!; wait $p":    Reaches,
		"trap 'kill $p' TERM; app & p=$!; wait $p; wait $p":    Reaches,
		"trap 'kill $p' TERM; app & p=$!; while kill -0 $p; do wait $p; done": Reaches,
		"exec": Reaches,
		"trap 'kill $p' TERM; app & p=$!; while kill -0 $p; do sleep 1; done":       Reaches,
		"app & p=$!; until x; do sleep 1; done; trap 'kill $p; wait' TERM; wait":    Reaches,
		"nginx -t && exec tail -f /log":                                             Reaches,
		"nginx -t; exec sleep infinity":                                             Reaches,
		"[ -n \"$X\" ] && nginx; exec sleep infinity":                               Reaches,
		"php-fpm -D; exec nginx -g 'daemon off;'":                                   Reaches,
		"service cron start; exec sleep infinity":                                   Reaches,
		"migrate; exec sleep infinity":                                              Reaches,
		"exec flock -F /lock app":                                                   Reaches,
		"exec tail -f /log":                                                         Reaches,
		"trap 'sleep 15' TERM; app & wait":                                          Reaches,
		"trap 'kill $p; wait $p' TERM; (exec app) & p=$!; wait":                     Reaches,
		"trap 'kill $p; wait $p' TERM; f() { exec app; }; f & p=$!; wait":           Reaches,
		"trap 'kill $p; wait $p' TERM; if x; then app; fi & p=$!; wait":             Reaches,
		"trap 'kill $p; wait $p' TERM; nohup app & p=$!; wait":                      Reaches,
		"trap 'pkill app; wait' TERM; f() { app; x; }; f & wait":                    Reaches,
		"stop() { kill $p; wait $p; }; trap stop TERM; app & p=$!; wait":            Reaches,
		"trap 'kill $p && wait $p' TERM; app & p=$!; wait":                          Reaches,
		"trap 'kill $p; while kill -0 $p; do sleep 1; done' TERM; app & p=$!; wait": Reaches,
		"trap 'kill $p; sleep 10' TERM; app & p=$!; wait":                           Reaches,
		"trap \"$x\" TERM; app & wait":                                              Reaches,
		"trap 'drain' TERM; app & wait":                                             Reaches,
		"trap 'trap - TERM; kill 0; wait' TERM; app & wait":                         Reaches,
		"trap 'kill -TERM -$$; wait' TERM; app & wait":                              Reaches,
		"trap 'trap - TERM; kill -TERM -$$; wait' TERM; app & wait":                 Reaches,
		"trap 'pkill -P $$; wait' TERM; app & wait":                                 Reaches,
		"trap 'kill $p; wait $p' EXIT; trap 'exit 0' TERM; app & p=$!; wait":        Reaches,
		"trap 'kill $p; wait $p; exit' TERM; app & p=$!; while :; do sleep 1; done": Reaches,
		"trap 'kill $p' TERM; app & p=$!; wait $p; trap - TERM; wait $p":            Reaches,

		". /env && exec app": Reaches,

		"trap 'kill $p' TERM; app & p=$!; wait $p":                                 Hurries,
		"trap 'kill $p; exit 0' TERM INT; app & p=$!; wait":                        Hurries,
		"stop() { kill $p; }; trap stop TERM; app & p=$!; wait":                    Hurries,
		"trap stop TERM; stop() { kill $p; }; app & p=$!; wait":                    Hurries,
		"app & p=$!; trap \"kill $p\" TERM; wait $p":                               Hurries,
		"trap 'kill 0; wait' TERM; app & wait":                                     Hurries,
		"trap '[ -n \"$p\" ] && kill $p' TERM; app & p=$!; wait":                   Hurries,
		"trap 'if [ -n \"$p\" ]; then kill $p; fi' TERM; app & p=$!; wait":         Hurries,
		"trap 'kill $p 2>/dev/null || true' TERM; app & p=$!; wait":                Hurries,
		"trap 'kill $p; exit' TERM; app & p=$!; while :; do sleep 1; done":         Hurries,
		"trap 'kill $p; exit' TERM; app & p=$!; wait $p; cleanup":                  Hurries,
		"trap 'kill $p' EXIT; trap 'exit 0' TERM; app & p=$!; wait":                Hurries,
		"trap 'exit 0' TERM; app & wait":                                           Cuts,
		"trap : TERM; app & wait":                                                  Cuts,
		"trap 'kill $p' TERM; app":                                                 Waits,
		"trap 'kill $p' 15; app & p=$!; tail -f /dev/null":                         Waits,
		"trap 'kill $p' INT; app & p=$!; wait":                                     Stays,
		"trap '' TERM; app":                                                        Stays,
		"trap 'kill -0 $p; wait' TERM; app & p=$!; wait":                           Stays,
		"trap 'wait' TERM; app & wait":                                             Stays,
		"trap : TERM; app & wait; sleep 9":                                         Stays,
		"trap 'kill %1; wait' TERM; app & wait":                                    Stays,
		"trap 'kill $(jobs -p); wait' TERM; app & wait":                            Stays,
		"trap 'kill $p; wait $p' EXIT; app & p=$!; wait":                           Stays,
		"app & while kill -0 $!; do sleep 1; done":                                 Stays,
		"app & exec tail -f /log":                                                  Stays,
		"nginx && exec tail -f /var/log/nginx/access.log":                          Stays,
		"nginx; exec tail -f /dev/null":                                            Stays,
		"/usr/sbin/nginx -c /etc/n.conf; touch /up; exec sleep 1d":                 Stays,
		"apachectl start; exec sleep infinity":                                     Stays,
		"apache2ctl -k start && exec tail -F /log":                                 Stays,
		"php-fpm8.2 -D && nginx && exec tail -f /dev/null":                         Stays,
		"nginx || exit 1; exec sleep infinity":                                     Stays,
		"service nginx start; exec sleep infinity":                                 Stays,
		"exec flock -x /lock app":                                                  Stays,
		"exec unshare --fork --pid app":                                            Stays,
		"app & exec sleep infinity":                                                Stays,
		"trap 'kill $!; wait $!' TERM; app & sleep 100 & wait":                     Cuts,
		"trap 'kill \"$!\"' TERM; app & tail -f log & wait":                        Cuts,
		"trap 'kill $!; wait' TERM; app & sleep 100 & wait":                        Stays,
		"trap 'kill ${!}' TERM; app & while :; do sleep 5 & wait $!; done":         Stays,
		"trap 'kill $!; wait $!' TERM; sleep 100 & app & wait":                     Reaches,
		"trap 'kill $p $!; wait $p' TERM; app & p=$!; sleep 100 & wait":            Reaches,
		"set -e; trap 'kill $p' TERM; app & p=$!; wait $p; wait $p":                Hurries,
		"set -eu; trap 'kill $p' TERM; app & p=$!; wait; wait":                     Hurries,
		"set -o errexit; trap 'kill $p' TERM; app & p=$!; wait; sleep 5":           Hurries,
		"set -e; trap 'kill $p' TERM; app & p=$!; while :; do wait $p; done":       Hurries,
		"set -e; trap : TERM; app & p=$!; wait; kill $p; wait":                     Cuts,
		"set -e; trap 'kill $p' TERM; app & p=$!; wait $p || true; wait $p":        Reaches,
		"set -e; trap 'kill $p' TERM; app & p=$!; if wait $p; then x; fi; wait $p": Reaches,
		"set -e; trap 'kill $p' TERM; app & p=$!; ! wait $p; wait $p":              Reaches,
		"set -e; trap 'kill $p; wait $p' TERM; app & p=$!; wait $p":                Reaches,
		"set -e; set +e; trap 'kill $p' TERM; app & p=$!; wait; wait":              Reaches,
		"set -- -e; trap 'kill $p' TERM; app & p=$!; wait; wait":                   Reaches,
		"trap 'pkill -TERM -f app; wait' TERM; app & wait":                         Hurries,
		"trap 'kill $(pgrep -f app); wait' TERM; app & wait":                       Hurries,
		"trap 'pkill -f [a]pp; wait' TERM; app & wait":                             Hurries,
		"trap 'pkill -f ^app; wait' TERM; app & wait":                              Reaches,
		"trap 'pkill -INT -f app; wait' TERM; set -m; app & wait":                  Reaches,
		"trap 'trap - TERM; pkill -f app; wait' TERM; app & wait":                  Reaches,
		"trap 'jobs -p | xargs kill; wait' TERM; app & wait":                       Stays,
		"trap 'jobs -p | xargs -r kill -TERM; wait' TERM; app & wait":              Stays,
		"trap 'cat x.pid | xargs kill; wait' TERM; app & wait":                     Reaches,
		"set -m; app & x; fg":                                                      Stays,
		"\"app\"":                                                                  Stays,
		"trap - TERM; app":                                                         Stays,

		// A trap that returns ends the wait, and the script goes on.
		"trap : TERM; app & wait $!; kill -TERM $!; wait $!":                                                 Reaches,
		"trap true TERM; app & p=$!; wait $p; kill $p; wait $p":                                              Reaches,
		"trap : TERM; app & p=$!; wait; kill $p; wait":                                                       Reaches,
		"trap 'echo got TERM' TERM; app & p=$!; wait $p; echo stopping; kill -TERM $p; wait $p":              Reaches,
		"trap 'rm -f /tmp/up' TERM; touch /tmp/up; app & p=$!; wait $p; sleep 5; kill $p; wait $p":           Reaches,
		"trap stop=1 TERM; app & c=$!; while [ -z \"$stop\" ]; do sleep 0.2; done; kill -TERM $c; wait $c":   Reaches,
		"trap stop=1 TERM; app & c=$!; while [ -z \"$stop\" ]; do sleep 0.2 & wait $!; done; kill $c; wait":  Reaches,
		"trap stop=1 TERM; app & c=$!; while [ -z \"$stop\" ]; do wait -n; done; kill $c; wait $c":           Reaches,
		"t=0; trap t=1 TERM; app & c=$!; until [ $t = 1 ]; do sleep 1; done; kill $c; wait $c":               Reaches,
		"note() { echo; }; stop() { kill $p; wait $p; }; trap note TERM; app & p=$!; wait $p; stop":          Reaches,
		"trap : TERM; app & p=$!; wait $p; kill $p && sleep 20":                                              Reaches,
		"trap : TERM; app & p=$!; wait $p; kill $p; while kill -0 $p; do sleep 1; done":                      Reaches,
		"trap : TERM; app & p=$!; wait $p; [ -n \"$p\" ] && kill $p; wait $p":                                Reaches,
		"trap : TERM; app & p=$!; wait $p; (kill $p; sleep 9); wait":                                         Reaches,
		"trap : TERM; app & wait; pkill app; wait":                                                           Reaches,
		"trap s=1 TERM; app & p=$!; while :; do sleep 1; [ $s ] && kill $p && wait $p && exit; done":         Reaches,
		"trap s=1 TERM; app & p=$!; while :; do sleep 1; if [ $s ]; then kill $p; wait $p; exit 0; fi; done": Reaches,
		"trap s=1 TERM; app & p=$!; while kill -0 $p; do [ $s ] && kill $p; wait $p; done":                   Reaches,
		"trap : TERM; app & p=$!; wait $p; kill $p; sleep 10; kill -9 $p":                                    Reaches,
		"trap : TERM; app & p=$!; wait $p; kill $p":                                                          Hurries,
		"trap : TERM; app & p=$!; wait $p || exit 1; kill $p; wait $p":                                       Unknown,
		"trap s=1 TERM; app & p=$!; while :; do wait $p; [ $s ] || exit 1; kill $p; wait $p; exit; done":     Unknown,
		// Double quotes are expanded when the trap is set.
		"trap \"kill $p; wait $p\" TERM; app & p=$!; wait":                         Stays,
		"trap \"kill -TERM ${p}; wait $p\" TERM; app & p=\"$!\"; wait $p":          Stays,
		"trap \"kill -TERM $p\" TERM\napp &\np=$!\nwait $p\nwait $p":               Stays,
		"trap -- \"kill \\\"$!\\\"; wait\" TERM; app & wait":                       Stays,
		"trap \"kill $(jobs -p); wait\" TERM; app & wait":                          Stays,
		"trap \"kill $p\" TERM; app & p=$!; wait $p":                               Cuts,
		"trap \"kill $p; exit\" TERM; app & p=$!; wait $p":                         Cuts,
		"app & trap \"kill -TERM $!; wait $!\" TERM; wait $!":                      Reaches,
		"app & p=$!; trap \"kill $p; wait $p\" TERM; wait $p":                      Reaches,
		"trap \"kill \\$p; wait \\$p\" TERM; app & p=$!; wait $p":                  Reaches,
		"trap \"kill $p; wait\" TERM; app & echo $! >f; wait":                      Reaches,
		"p=$(cat f); trap \"kill $p; wait\" TERM; app & p=$!; wait":                Reaches,
		"f() { trap \"kill $p; wait\" TERM; }; app & p=$!; f; wait":                Reaches,
		"while :; do trap \"kill $p; wait\" TERM; app & p=$!; wait; done":          Reaches,
		"trap \"kill $p; wait\" TERM; app & p=$!; trap 'kill $p; wait' TERM; wait": Reaches,

		"eval 'app & p=$!'; trap \"kill $p; wait\" TERM; p=$!; wait": Reaches,

		// SIGKILL cuts.
		"trap 'kill -9 $p; wait' TERM; app & p=$!; wait $p":          Cuts,
		"trap 'kill -KILL $p; wait' TERM; app & p=$!; wait":          Cuts,
		"trap 'kill -s KILL $p' TERM; app & p=$!; wait $p":           Cuts,
		"trap 'pkill -9 app; wait' TERM; app & wait":                 Cuts,
		"trap 'kill -9 $h; kill $p; wait' TERM; app & p=$!; wait":    Reaches,
		"trap 'kill $p; sleep 9; kill -9 $p' TERM; app & p=$!; wait": Reaches,
		"trap 'kill -9 $h' TERM; app & p=$!; wait $p; kill $p; wait": Reaches,
		"trap './stop; kill -9 $p' TERM; app & p=$!; wait":           Reaches,

		"trap : TERM; app & wait; ./stop; wait":                                    Unknown,
		"trap : TERM; app & wait; curl -X POST localhost/shutdown; wait":           Unknown,
		"trap : TERM; app & p=$!; wait $p; echo $p | xargs kill; wait":             Unknown,
		"trap : TERM; app & p=$!; wait $p; kill -9 $p; wait":                       Cuts,
		"trap : TERM; app & p=$!; wait $p; echo stopping":                          Cuts,
		"trap : TERM; app & p=$!; kill -HUP $p; wait $p":                           Cuts,
		"trap s=1 TERM; app & p=$!; while [ -z $s ]; do wait $p; done; kill -0 $p": Stays,
		"trap s=1 TERM; app & while [ -z $s ]; do sleep 1; done":                   Stays,
		"trap : TERM; while :; do app & wait; done":                                Stays,
		"trap : TERM; app | tee log & p=$!; wait $p; kill $p; wait $p":             Stays,
		"trap : TERM; app & p=$!; wait $p; kill -SIGTERM $p; wait $p":              Stays,
		"app & p=$!; wait $p; kill $p; wait $p":                                    Stays,

		"app":                               Stays,
		"exec 2>&1; app":                    Stays,
		"migrate && app":                    Stays,
		"echo 'exec app' ; app":             Stays,
		"exec app | tee log":                Stays,
		"setup | exec app":                  Stays,
		"(exec app)":                        Stays,
		"exec app &\nwait":                  Stays,
		"app & wait":                        Stays,
		"app & sleep infinity":              Stays,
		"while true; do app; sleep 1; done": Stays,
		"app # exec":                        Stays,
		"app \\\n  --exec":                  Stays,
		"run() { app; }; run":               Stays,
		"eval app":                          Stays,
		"cat <<EOF | app\nexec\nEOF":        Stays,
		"nohup app":                         Stays,
		"exec sh -c app":                    Stays,
		"$JAVA_HOME/bin/java -jar x.jar":    Stays,

		"if [ -n \"$X\" ]; then exec a; fi; b": Branches,
		"[ -n \"$X\" ] && exec a; b":           Branches,
		"case $1 in a) exec a;; *) b;; esac":   Branches,

		". /env; app":                 Unknown,
		"$START":                      Unknown,
		"eval \"$START\"":             Unknown,
		"trap x $S; app":              Unknown,
		"until app; do sleep 1; done": Unknown,
		"if ; then":                   Unknown,
	} {
		if got := First([]string{"sh", "-c", script}, Context{}); got.Outcome != want {
			t.Errorf("%q: got %d %q, want %d", script, got.Outcome, got.Program, want)
		}
	}
}

func TestInits(t *testing.T) {
	for _, tt := range []struct {
		words []string
		env   map[string]string
		group bool
	}{
		{words: []string{"tini", "--", "sh", "-c", "app"}},
		{words: []string{"/tini-static-amd64", "-s", "-g", "--", "sh", "-c", "app"}, group: true},
		{words: []string{"/sbin/tini", "-g", "--", "sh", "-c", "app"}, group: true},
		{words: []string{"tini", "-sg", "--", "sh", "-c", "app"}, group: true},
		{words: []string{"tini", "-e", "143", "-g", "--", "sh", "-c", "app"}, group: true},
		{words: []string{"tini", "--", "sh", "-c", "app"}, env: map[string]string{"TINI_KILL_PROCESS_GROUP": "1"}, group: true},
		{words: []string{"dumb-init", "--", "sh", "-c", "app"}, group: true},
		{words: []string{"dumb-init", "--single-child", "sh", "-c", "app"}},
		{words: []string{"catatonit", "--", "sh", "-c", "app"}},
		{words: []string{"catatonit", "-g", "--", "sh", "-c", "app"}, group: true},
		{words: []string{"timeout", "1h", "sh", "-c", "app"}, group: true},
		{words: []string{"timeout", "--foreground", "1h", "sh", "-c", "app"}},
	} {
		got := First(tt.words, Context{Env: tt.env})
		if got.Init == "" || got.Group != tt.group || got.Shell != "sh" || got.Outcome != Stays {
			t.Errorf("%q: %+v", tt.words, got)
		}
	}
}

func TestWordsOfTheProgram(t *testing.T) {
	for script, want := range map[string][]string{
		"sed x >y; exec nginx -c /y":   {"nginx", "-c", "/y"},
		"php-fpm -D && nginx -g 'a b'": {"nginx", "-g", "a b"},
		"exec gosu www nginx":          {"nginx"},
		"nginx & tail -f /log":         nil,
		"nginx &":                      nil,
		"nginx; true":                  nil,
		"if x; then nginx; else y; fi": nil,
	} {
		if got := First([]string{"sh", "-c", script}, Context{}).Words; !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
	}
}

// A shell without job control has what it starts in the background ignore SIGINT and SIGQUIT
// (POSIX, 2.11; measured with dash and bash).
func TestInterrupts(t *testing.T) {
	for script, want := range map[string]string{
		"trap 'kill -INT $p; wait $p' TERM; app & p=$!; wait $p":              "SIGINT",
		"trap 'kill -s QUIT $p; wait' TERM; app & p=$!; wait":                 "SIGQUIT",
		"stop() { kill -2 $p; wait $p; }; trap stop TERM; (app) & p=$!; wait": "SIGINT",
		"trap 'kill -INT $p; sleep 1; kill $p; wait' TERM; app & p=$!; wait":  "",
		"trap 'kill $p; wait $p' TERM; app & p=$!; wait $p":                   "",
		"set -m; trap 'kill -INT $p; wait $p' TERM; app & p=$!; wait $p":      "",
		"trap 'kill -INT $p; wait $p' TERM; exec app":                         "",
		"trap 'kill -HUP $p; wait $p' TERM; app & p=$!; wait $p":              "",
	} {
		got := First([]string{"sh", "-c", script}, Context{})
		if got.Outcome != Reaches || got.Interrupt != want || want != "" && !slices.Equal(got.Words, []string{"app"}) {
			t.Errorf("%q: got %+v, want %q", script, got, want)
		}
	}
}

// Of what a script starts in the background before it becomes another program nobody tells the end.
func TestFirstLeavesOneBehind(t *testing.T) {
	for script, want := range map[string][]string{
		"nginx -g 'daemon off;' & exec gunicorn app":              {"nginx", "-g", "daemon off;"},
		"set -e\nmigrate\nnginx &\nif x; then exec a; fi; exec b": {"nginx"},
		"(cd /x && exec nginx) & exec gunicorn app":               {"nginx"},
		"exec gunicorn app":                 nil,
		"tail -F log & exec gunicorn app":   nil,
		"nginx & exec tini -- gunicorn app": nil,
		"nginx & gunicorn app":              nil,
	} {
		if got := First([]string{"bash", "-c", script}, Context{}).Left; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", script, got, want)
		}
	}
}
