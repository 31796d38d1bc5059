package script

import (
	"testing"
	"time"
)

func TestRunOfScripts(t *testing.T) {
	const s = time.Second
	for script, want := range map[string]struct {
		least time.Duration
		exact bool
		only  bool
		first time.Duration
	}{
		"sleep 5":                                                    {5 * s, true, true, 5 * s},
		"exec /usr/bin/sleep 3s; ":                                   {3 * s, true, true, 3 * s},
		"sleep 5; sleep 2":                                           {7 * s, true, true, 7 * s},
		"sleep 5; nginx -s quit":                                     {5 * s, true, false, 5 * s},
		"sleep 5 && nginx -s quit":                                   {5 * s, true, false, 5 * s},
		"sleep 5 || nginx -s quit":                                   {5 * s, true, true, 5 * s},
		"nginx -s quit; sleep 5":                                     {5 * s, true, false, 0},
		"nginx -s quit && sleep 5":                                   {5 * s, true, false, 0},
		"echo bye; sleep 5":                                          {5 * s, true, false, 0},
		"curl -X POST x/drain; sleep 5":                              {5 * s, false, false, 0},
		"curl -f x && sleep 5":                                       {0, false, false, 0},
		"curl -f x || sleep 5":                                       {0, false, false, 0},
		"sleep $(cat /delay)":                                        {0, false, false, 0},
		"sleep $DELAY":                                               {0, false, false, 0},
		"sleep $KNOWN":                                               {20 * s, true, true, 20 * s},
		"sleep ${KNOWN:-5}":                                          {20 * s, true, true, 20 * s},
		"sleep ${DELAY:-5}":                                          {0, false, false, 0},
		"sleep ${KNOWN:+7}":                                          {7 * s, true, true, 7 * s},
		"sleep ${KNOWN:?}":                                           {20 * s, true, true, 20 * s},
		"sleep ${EMPTY:-5}":                                          {5 * s, true, true, 5 * s},
		"sleep ${EMPTY:=5}; sleep $EMPTY":                            {10 * s, true, true, 10 * s},
		"sleep ${DELAY:=5}; sleep $DELAY":                            {0, false, false, 0},
		"sleep ${KNOWN%0}":                                           {0, false, false, 0},
		"D=${KNOWN:-9}; sleep ${D}s":                                 {20 * s, true, true, 20 * s},
		"D=${DELAY:-9}; sleep $D":                                    {0, false, false, 0},
		"f() { sleep ${1:-6}; }; f; f 2":                             {8 * s, true, true, 8 * s},
		"f() { shift; sleep $1; }; f 2 3":                            {0, false, false, 0},
		"sleep $((5+10))":                                            {15 * s, true, true, 15 * s},
		`sleep "$(( (KNOWN - 2) * 2 / 3 % 7 ))"`:                     {5 * s, true, true, 5 * s},
		"D=$((KNOWN-$((2*8)))); sleep $D":                            {4 * s, true, true, 4 * s},
		"sleep $(($KNOWN + ${EMPTY:-1}))":                            {21 * s, true, true, 21 * s},
		"sleep $((DELAY+5))":                                         {0, false, false, 0},
		"sleep $((010))":                                             {0, false, false, 0},
		"sleep $((5/0))":                                             {0, false, false, 0},
		"sleep $((KNOWN++))":                                         {0, false, false, 0},
		"sleep $((4294967296*2))":                                    {0, false, false, 0},
		"read KNOWN </x; sleep $KNOWN":                               {0, false, false, 0},
		"unset KNOWN; sleep $KNOWN":                                  {0, false, false, 0},
		"printf -v KNOWN 5; sleep $KNOWN":                            {0, false, false, 0},
		"KNOWN=3 sh -c 'sleep $KNOWN'; sleep $KNOWN":                 {23 * s, true, true, 23 * s},
		"KNOWN=3; sh -c 'sleep $KNOWN'":                              {3 * s, true, true, 3 * s},
		"D=3; sh -c 'sleep $D'":                                      {0, false, false, 0},
		"env KNOWN=3 sh -c 'sleep $KNOWN'":                           {0, false, false, 0},
		"x && : ${EMPTY:=9}; sleep $EMPTY":                           {0, false, false, 0},
		"D=4; sleep $D":                                              {4 * s, true, true, 4 * s},
		"D=4; export D; sleep $D":                                    {4 * s, true, true, 0},
		"f() { local D; sleep $D; }; D=4; f":                         {0, false, false, 0},
		"D=4; if x; then D=9; fi; sleep $D":                          {0, false, false, 0},
		"sleep infinity":                                             {Forever, true, true, 0},
		"while true; do sleep 1; done":                               {Forever, true, false, 0},
		"while [ 1 ]; do sleep 1; done":                              {Forever, true, false, 0},
		"while test x; do sleep 1; done":                             {Forever, true, false, 0},
		"while ((1)); do sleep 1; done":                              {Forever, true, false, 0},
		"while [[ 1 ]]; do sleep 1; done":                            {Forever, true, false, 0},
		"while sleep 5; do :; done":                                  {Forever, true, false, 0},
		"while ! false; do sleep 1; done":                            {Forever, true, false, 0},
		"until ! true; do sleep 1; done":                             {Forever, true, false, 0},
		"while ! true; do sleep 1; done; sleep 3":                    {3 * s, false, false, 0},
		"while ((0)); do sleep 1; done; sleep 3":                     {3 * s, false, false, 0},
		"while [ $X ]; do sleep 1; done":                             {0, false, false, 0},
		"while [ -f /x ]; do sleep 1; done":                          {0, false, false, 0},
		"while sleep $X; do :; done":                                 {0, false, false, 0},
		"while sleep 1; do x && break; done":                         {s, false, false, s},
		"sleep 3; tail -f /dev/null":                                 {Forever, true, false, 0},
		"tail -f /dev/null & wait":                                   {Forever, false, false, 0},
		"tail -n 5 -F /var/log/app.log":                              {Forever, true, false, 0},
		"tail --follow=name --retry /log":                            {Forever, true, false, 0},
		"tail -fn0 /dev/null":                                        {Forever, true, false, 0},
		"tail --pid=1 -f /dev/null":                                  {Forever, true, false, 0},
		"kill 1; tail --pid 1 -f /dev/null":                          {0, false, false, 0},
		"tail --pid=$X -f /dev/null":                                 {0, false, false, 0},
		"tail --pid 42 -f /dev/null":                                 {0, false, false, 0},
		"tail -f /var/log/app.log":                                   {0, false, false, 0},
		"tail -n 5 /dev/null":                                        {0, false, false, 0},
		"tail -f $X":                                                 {0, false, false, 0},
		"timeout 3 tail -f /dev/null":                                {3 * s, true, false, 3 * s},
		"while kill -0 1; do sleep 1; done":                          {Forever, true, false, 0},
		"sleep 5; while [ -d /proc/1 ]; do sleep 1; done":            {Forever, true, false, 0},
		"while kill -0 42; do sleep 1; done":                         {0, false, false, 0},
		"while kill -0 1; do sleep 1; x || break; done":              {0, false, false, 0},
		"curl x; while kill -0 1; do sleep 1; done":                  {0, false, false, 0},
		"curl -f x && sleep 5 || sleep 7":                            {5 * s, false, false, 0},
		"test -f x && sleep 5 || sleep 5":                            {5 * s, true, false, 0},
		"test -f x && y || sleep 5":                                  {0, false, false, 0},
		"while true; do if x; then break; fi; sleep 1; done":         {0, false, false, 0},
		"sleep 5; kill -QUIT 1; while kill -0 1; do sleep 0.1; done": {5 * s, false, false, 5 * s},
		"for i in 1 2 3; do sleep 5; done":                           {15 * s, true, false, 15 * s},
		"for i in $(seq 1 4); do sleep 5; done":                      {20 * s, true, false, 20 * s},
		"for i in $(seq 10); do x && break; sleep 1; done":           {0, false, false, 0},
		"for i in $LIST; do sleep 5; done":                           {0, false, false, 0},
		"sleep 5 &":                                                  {0, false, false, 0},
		"sleep 5 & wait":                                             {5 * s, true, false, 0},
		"sleep 5 & sleep 2; wait":                                    {5 * s, true, false, 0},
		"sleep 5 | cat":                                              {5 * s, false, false, 0},
		"(sleep 5; exit 0); sleep 1":                                 {6 * s, true, true, 6 * s},
		"sleep 5; exit 0; sleep 9":                                   {5 * s, true, true, 5 * s},
		"exec sleep 5; sleep 9":                                      {5 * s, true, true, 5 * s},
		"if x; then sleep 5; else sleep 9; fi":                       {5 * s, false, false, 0},
		"if sleep 5; then nginx -s quit; fi":                         {5 * s, true, false, 5 * s},
		"case $X in a) sleep 5;; *) sleep 6;; esac":                  {5 * s, false, false, 5 * s},
		"wait_for() { sleep $1; }; wait_for 7":                       {7 * s, true, true, 7 * s},
		"trap 'sleep 5' EXIT; true":                                  {0, false, false, 0},
		"eval 'sleep 5'":                                             {5 * s, true, false, 5 * s},
		"eval $X; sleep 5":                                           {0, false, false, 0},
		". /env; sleep 5":                                            {0, false, false, 0},
		"set -e; x; sleep 5":                                         {0, false, false, 0},
		"set -e; sleep 5; x":                                         {5 * s, false, false, 0},
		"timeout 3 sleep 9":                                          {3 * s, true, false, 3 * s},
		"timeout 3 x":                                                {0, false, false, 0},
		"bash -c 'sleep 5'; sleep 1":                                 {6 * s, true, true, 6 * s},
		"busybox sleep 5":                                            {5 * s, true, true, 5 * s},
		"python3 -c 'import time; time.sleep(10)'":                   {10 * s, true, true, 10 * s},
		"sleep 5 5":                                                  {10 * s, true, true, 10 * s},
		"x=1 sleep 5 >/dev/null 2>&1":                                {5 * s, true, true, 5 * s},
		"kong quit --wait=15":                                        {15 * s, false, false, 0},
		"kong quit --wait 15; sleep 2":                               {17 * s, false, false, 0},
		"kong quit --wait=$LONG":                                     {0, false, false, 0},
		"/wait-shutdown":                                             {0, false, false, 0},
		"true":                                                       {0, true, false, 0},
		"":                                                           {0, true, true, 0},
		"f() { f; }; f":                                              {0, false, false, 0},
		"sleep 9e99":                                                 {Forever, true, true, 0},
	} {
		got := Run([]string{"/bin/sh", "-c", script}, Context{Env: map[string]string{"KNOWN": "20", "EMPTY": ""}})
		if got.Least != want.least || got.Exact != want.exact || got.OnlySleeps != want.only || got.Fails != "" {
			t.Errorf("%q: %+v, want %+v", script, got, want)
		}
		if want.exact && want.least < Forever && got.First != want.first {
			t.Errorf("%q: sleeps %s first, want %s", script, got.First, want.first)
		}
	}
}

func TestRunFails(t *testing.T) {
	for _, tt := range []struct {
		words []string
		fails bool
	}{
		{[]string{"/bin/sh", "sleep 10; kill -USR1 1"}, true},
		{[]string{"sh", "sleep", "5"}, true},
		{[]string{"sh", "-c"}, true},
		{[]string{"sh", "--", "-c", "sleep 5"}, true},
		{[]string{"sh", "-c", "sleep $(WAIT)"}, true},
		{[]string{"sh", "-c", `sleep "$(WAIT)"`}, true},
		{[]string{"sh", "-c", "sleep $(WAIT)s && nginx -s quit"}, false},
		{[]string{"sh", "-c", "sleep $(DELAY)"}, false},
		{[]string{"sh", "-c", "sleep $(WAIT --as 5)"}, false},
		{[]string{"sh", "-c", "sleep `WAIT`"}, true},
		{[]string{"sh", "-c", "sleep", "5"}, true},
		{[]string{"sh", "-c", "sleep abc"}, true},
		{[]string{"sleep"}, true},
		{[]string{"sleep", "$DELAY"}, true},
		{[]string{"sleep", "$(DELAY)"}, true},
		{[]string{"sleep", "5", "&&", "nginx"}, true},
		{[]string{"sleep", "5;", "nginx"}, true},
		{[]string{"sleep", "5ms"}, true},
		{[]string{"sleep", "-1"}, true},
		{[]string{"sleep 5"}, true},
		{[]string{"/bin/sh -c 'sleep 5'"}, true},
		{[]string{"exec", "sleep", "5"}, true},
		{[]string{""}, true},
		{[]string{"sh", "-c", "if true; sleep 10"}, true},
		{[]string{"sh", "-c", "sleep 10; echo 'x"}, true},
		{[]string{"sh", "-c", "sleep 10\necho 'x"}, false},

		{[]string{"sh", "/drain.sh"}, false},
		{[]string{"sh", "-c", "curl x; sleep"}, false},
		{[]string{"sh", "-c", "echo x; sleep"}, true},
		{[]string{"sh", "-c", "sleep", "--", "5"}, true},
		{[]string{"sh", "-c", `sleep "$0"`, "5"}, false},
		{[]string{"sh", "-c", "sleep $X"}, false},
		{[]string{"sh", "-c", "sleep abc; nginx -s quit"}, false},
		{[]string{"sleep", "5", "5"}, false},
		{[]string{"sleep", "--", "5"}, false},
		{[]string{"sleep", "1m"}, false},
		{[]string{"sleep", "0x10"}, false},
		{[]string{"sleep", " 1"}, false},
		{[]string{"/opt/drain"}, false},
		{[]string{"kill", "-QUIT", "1"}, false},
		{nil, false},
		{words: []string{"sh", "-c", "'sleep 5'"}, fails: true},
		{words: []string{"sh", "-c", "\"sleep 10\""}, fails: true},
		{words: []string{"bash", "-c", "exec 'sleep 5'"}, fails: true},
		{words: []string{"sh", "-c", "'sleep 5'; sleep 5"}},
		{words: []string{"sh", "-c", "'sleep 5' || sleep 5"}},
		{words: []string{"sh", "-c", "'sleep' '5'"}},
		{words: []string{"sh", "-c", "'/opt/my app/drain'"}},
	} {
		if got := Run(tt.words, Context{Env: map[string]string{"WAIT": "5"}}); (got.Fails != "") != tt.fails {
			t.Errorf("%q: %+v, want %t", tt.words, got, tt.fails)
		}
	}
}

func TestQuits(t *testing.T) {
	const s = time.Second
	quit := func(words ...string) []string { return words }
	sh := func(script string) []string { return []string{"sh", "-c", script} }
	for _, tt := range []struct {
		words []string
		want  *Quit
	}{
		{quit("/usr/sbin/nginx", "-s", "quit"), &Quit{Server: "nginx", Signal: "SIGQUIT", Exact: true, Certain: true}},
		{quit("nginx", "-c", "/x", "-s", "stop"), &Quit{Server: "nginx", Signal: "SIGTERM", Fast: true, Exact: true, Certain: true}},
		{quit("nginx", "-s", "reload"), nil},
		{quit("kill", "1"), &Quit{Signal: "SIGTERM", First: true, Exact: true, Certain: true}},
		{quit("kill", "-s", "QUIT", "1"), &Quit{Signal: "SIGQUIT", First: true, Exact: true, Certain: true}},
		{quit("kill", "-3", "1"), &Quit{Signal: "SIGQUIT", First: true, Exact: true, Certain: true}},
		{quit("kill", "-HUP", "1"), nil},
		{quit("kill", "-0", "1"), nil},
		{quit("kill", "-9", "1"), nil},
		{quit("kill", "42"), nil},
		{quit("pkill", "-SIGTERM", "node"), &Quit{Target: Target{"node", ByName}, Signal: "SIGTERM", Exact: true, Certain: true}},
		{quit("killall", "java"), &Quit{Target: Target{"java", ByName}, Signal: "SIGTERM", Exact: true, Certain: true}},
		{quit("apachectl", "-k", "graceful-stop"), &Quit{Server: "apache", Signal: "SIGWINCH", Exact: true, Certain: true}},
		{quit("redis-cli", "-a", "x", "SHUTDOWN", "NOSAVE"), &Quit{Exact: true, Certain: true}},
		{quit("redis-cli", "-h", "127.0.0.1", "shutdown"), &Quit{Exact: true, Certain: true}},
		{quit("redis-cli", "-h", "primary", "shutdown"), &Quit{Target: Target{By: ByName}, Exact: true, Certain: true}},
		{quit("redis-cli", "GET", "x"), nil},
		{quit("mysqladmin", "-uroot", "shutdown"), &Quit{Exact: true, Certain: true}},
		{quit("mysqladmin", "ping"), nil},
		{quit("pg_ctl", "-D", "/data", "-m", "fast", "stop"), &Quit{Exact: true, Certain: true}},
		{quit("pg_ctl", "reload"), nil},
		{quit("/wait-shutdown"), &Quit{MayWait: true, Exact: true, Certain: true}},
		{quit("s6-svc", "-d", "/run/service/nginx"), &Quit{Target: Target{"nginx", ByName}, Exact: true, Certain: true}},
		{quit("sv", "stop", "puma"), &Quit{Target: Target{"puma", ByName}, Exact: true, Certain: true}},
		{quit("sv", "status", "puma"), nil},
		{quit("curl", "-XPOST", "http://localhost:8080/actuator/shutdown"), &Quit{Target: Target{"8080", ByPort}, Exact: true, Certain: true}},
		{quit("curl", "-sf", "-X", "POST", "127.0.0.1:9901/quitquitquit"), &Quit{Target: Target{"9901", ByPort}, Exact: true, Certain: true}},
		{quit("wget", "-qO-", "--post-data=", "http://localhost/-/quit"), &Quit{Target: Target{"80", ByPort}, Exact: true, Certain: true}},
		{sh("sleep 5; curl -d '' http://$POD_IP:8080/x/actuator/shutdown/"), &Quit{Target: Target{"8080", ByPort}, After: 5 * s, Exact: true, Certain: true}},
		{quit("curl", "http://localhost:8080/actuator/shutdown"), nil},
		{quit("curl", "-X", "PUT", "http://localhost:8080/actuator/shutdown"), nil},
		{quit("curl", "-XPOST", "http://registry:8080/actuator/shutdown"), nil},
		{quit("curl", "-XPOST", "http://localhost:8080/actuator/refresh"), nil},
		{quit("curl", "-XPOST", "http://localhost:9901/drain_listeners?graceful"), nil},
		{quit("curl", "-XPOST", "http://localhost:9901/drain_listeners?inboundonly"), &Quit{Target: Target{"9901", ByPort}, Exact: true, Certain: true}},
		{quit("/drain"), nil},
		{sh("kill -QUIT $(cat /run/nginx.pid)"), &Quit{Target: Target{"nginx", ByFile}, Signal: "SIGQUIT", Exact: true, Certain: true}},
		{sh("sleep 5; kill -TERM 1"), &Quit{Signal: "SIGTERM", First: true, After: 5 * s, Exact: true, Certain: true}},
		{sh("curl x; kill -TERM 1"), &Quit{Signal: "SIGTERM", First: true, Certain: true}},
		{sh("if [ -f x ]; then kill 1; fi"), &Quit{Signal: "SIGTERM", First: true, Exact: true}},
		{sh("[ -f x ] && kill 1"), &Quit{Signal: "SIGTERM", First: true, Exact: true}},
		{sh("sleep 5 && sleep 5 && exec kill 1"), &Quit{Signal: "SIGTERM", First: true, After: 10 * s, Exact: true, Certain: true}},
		{sh("echo nginx -s quit"), nil},
		{sh("sleep 5 # ; kill 1"), nil},
	} {
		got := Run(tt.words, Context{}).Quits
		if (got == nil) != (tt.want == nil) {
			t.Errorf("%q: %+v, want %+v", tt.words, got, tt.want)
			continue
		}
		if got == nil {
			continue
		}
		if got.Command == "" {
			t.Errorf("%q: no command", tt.words)
		}
		got.Command = ""
		if *got != *tt.want {
			t.Errorf("%q: %+v, want %+v", tt.words, *got, *tt.want)
		}
	}
	if got := Run(quit("kill", "1"), Context{SharedPIDs: true}); got.Quits != nil || len(got.Elsewhere) != 1 {
		t.Errorf("process 1 is the pod's: %+v", got)
	}
	if got := Run(sh("for ((;;)); do sleep 1; done"), Context{Sh: Bash}); got.Least != Forever {
		t.Errorf("a loop without end: %+v", got)
	}
	if got := Run(sh("for ((;;)); do sleep 1; done"), Context{}); got.Least != 0 || got.Exact {
		t.Errorf("a loop that dash does not read: %+v", got)
	}
	if got := Run(sh("tail --pid=1 -f /dev/null"), Context{SharedPIDs: true}); got.Least != 0 || got.Exact {
		t.Errorf("what process 1 does is not known: %+v", got)
	}
}
