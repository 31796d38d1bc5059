package victim

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestFromEnvDefaults(t *testing.T) {
	got, err := FromEnv([]string{"PATH=/bin", "HOME="})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Addr: ":8080", Status: 200, StartMode: StartClosed, OnSigterm: Drain,
		ExitCode: 2, KeepAlive: Announce, SigtermUnready: true,
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestFromEnvSetsEachField(t *testing.T) {
	got, err := FromEnv([]string{
		"VICTIM_ADDR=127.0.0.1:9", "VICTIM_GRPC_ADDR=:9090", "VICTIM_HANDLER_TIME=20ms", "VICTIM_STATUS=500", "VICTIM_WORKERS=3",
		"VICTIM_ALLOC_PER_REQUEST=8Mi", "VICTIM_EXIT_AFTER_REQUESTS=7", "VICTIM_START_DELAY=3s",
		"VICTIM_START_MODE=ready", "VICTIM_NEVER_READY=true", "VICTIM_READY_FILE=/tmp/ready",
		"VICTIM_ON_SIGTERM=exit", "VICTIM_EXIT_SHARE=0.1", "VICTIM_SIGTERM_DELAY=1m", "VICTIM_EXIT_CODE=143",
		"VICTIM_KEEPALIVE=close", "VICTIM_SIGTERM_UNREADY=false", "VICTIM_SIGTERM_STATUS=503",
		"VICTIM_LOG_DIR=/out", "VICTIM_LOG_REQUESTS=true", "POD_NAME=web-0",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Addr: "127.0.0.1:9", GRPCAddr: ":9090", HandlerTime: 20 * time.Millisecond, Status: 500, Workers: 3,
		AllocPerRequest: 8 << 20, ExitAfterRequests: 7, StartDelay: 3 * time.Second,
		StartMode: StartReady, NeverReady: true, ReadyFile: "/tmp/ready",
		OnSigterm: Exit, ExitShare: 0.1, SigtermDelay: time.Minute, ExitCode: 143,
		KeepAlive: Close, SigtermUnready: false, SigtermStatus: 503,
		LogDir: "/out", LogRequests: true, PodName: "web-0",
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestFromEnvRefuses(t *testing.T) {
	for _, tc := range []struct{ env, says string }{
		{"VICTIM_HANDLER_TIME=20", `VICTIM_HANDLER_TIME="20": want a duration`},
		{"VICTIM_HANDLER_TIME=-1s", "not negative"},
		{"VICTIM_HANDLER_TIME=", "want a duration"},
		{"VICTIM_STATUS=100", "from 200 to 599"},
		{"VICTIM_STATUS=600", "from 200 to 599"},
		{"VICTIM_WORKERS=-1", "from 0 to"},
		{"VICTIM_ALLOC_PER_REQUEST=8M", "8Mi"},
		{"VICTIM_ALLOC_PER_REQUEST=-1", "bytes"},
		{"VICTIM_ALLOC_PER_REQUEST=9223372036854775807Gi", "bytes"},
		{"VICTIM_EXIT_AFTER_REQUESTS=1.5", "whole number"},
		{"VICTIM_START_DELAY=soon", "want a duration"},
		{"VICTIM_START_MODE=Ready", `["closed" "ready"]`},
		{"VICTIM_NEVER_READY=1", "true or false"},
		{"VICTIM_ON_SIGTERM=die", `["drain" "exit" "ignore"]`},
		{"VICTIM_EXIT_SHARE=1.5", "share from 0 to 1"},
		{"VICTIM_EXIT_SHARE=NaN", "share from 0 to 1"},
		{"VICTIM_EXIT_SHARE=10%", "share from 0 to 1"},
		{"VICTIM_ON_SIGTERM=ignore VICTIM_EXIT_SHARE=0.1", "allows only \"0\""},
		{"VICTIM_SIGTERM_DELAY=1d", "want a duration"},
		{"VICTIM_EXIT_CODE=256", "from 0 to 255"},
		{"VICTIM_KEEPALIVE=yes", `["announce" "keep" "close" "cut"]`},
		{"VICTIM_SIGTERM_UNREADY=TRUE", "true or false"},
		{"VICTIM_SIGTERM_STATUS=no", "from 200 to 599"},
		{"VICTIM_LOG_REQUESTS=", "true or false"},
		{"POD_NAME=../etc", "name of a pod"},
		{"VICTIM_HANDLERTIME=1s", "VICTIM_HANDLERTIME: no such variable; there are VICTIM_ADDR, "},
		{"VICTIM_PORT=8080", "VICTIM_PORT: no such variable"},
		{"VICTIM_ON_SIGTERM=ignore VICTIM_SIGTERM_DELAY=1s", "VICTIM_SIGTERM_DELAY=\"1s\": VICTIM_ON_SIGTERM=ignore allows only \"0s\""},
		{"VICTIM_ON_SIGTERM=ignore VICTIM_KEEPALIVE=close", "allows only"},
		{"VICTIM_ON_SIGTERM=ignore VICTIM_SIGTERM_UNREADY=true", "allows only"},
		{"VICTIM_ON_SIGTERM=ignore VICTIM_SIGTERM_STATUS=503", "allows only"},
	} {
		_, err := FromEnv(strings.Fields(tc.env))
		if err == nil {
			t.Errorf("%s: taken", tc.env)
			continue
		}
		if !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want one line with %q", tc.env, err, tc.says)
		}
	}
}

func TestIgnoreOverridesDefaults(t *testing.T) {
	for _, environ := range []string{
		"VICTIM_ON_SIGTERM=ignore",
		"VICTIM_ON_SIGTERM=ignore VICTIM_SIGTERM_DELAY=0s VICTIM_KEEPALIVE=keep VICTIM_SIGTERM_UNREADY=false VICTIM_SIGTERM_STATUS=",
	} {
		c, err := FromEnv(strings.Fields(environ))
		if err != nil || c.KeepAlive != Keep || c.SigtermUnready {
			t.Errorf("%s: %+v, %v", environ, c, err)
		}
	}
}

func TestFromEnvPassesOverServiceLinks(t *testing.T) {
	_, err := FromEnv([]string{
		"VICTIM_SERVICE_HOST=10.96.0.7", "VICTIM_SERVICE_PORT=80", "VICTIM_SERVICE_PORT_HTTP=80",
		"VICTIM_PORT=tcp://10.96.0.7:80", "VICTIM_PORT_80_TCP=tcp://10.96.0.7:80",
		"VICTIM_PORT_80_TCP_PROTO=tcp", "VICTIM_PORT_80_TCP_PORT=80", "VICTIM_PORT_80_TCP_ADDR=10.96.0.7",
		"VICTIM_SLOW_SERVICE_HOST=10.96.0.8", "VICTIM_SLOW_PORT=tcp://10.96.0.8:80",
	})
	if err != nil {
		t.Error(err)
	}
}

// The two tables are written by hand; here they are held to the code.
func TestTablesListEveryVariable(t *testing.T) {
	var c Config
	want := map[string]string{}
	for _, v := range c.variables() {
		want[v.name] = v.def
		if v.def == "" {
			want[v.name] = "(none)"
		}
	}
	for file, row := range map[string]string{
		"doc.go":               `(?m)^//\t((?:VICTIM|POD)_\w+) +(\S+)  +\S`,
		"../../demo/README.md": "(?m)^\\| `((?:VICTIM|POD)_\\w+)` \\| `?([^|`]+)`? \\| \\S",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(string(text), -1) {
			got[m[1]] = m[2]
		}
		for name, def := range want {
			if got[name] != def {
				t.Errorf("%s: %s has default %q in the table, %q in the code", file, name, got[name], def)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d variables in the table, %d in the code", file, len(got), len(want))
		}
	}
}

func TestDraw(t *testing.T) {
	for _, tc := range []struct {
		share, drawn float64
		want         OnSigterm
	}{
		{0, 0, Drain}, {0.1, 0.099, Exit}, {0.1, 0.1, Drain}, {1, 0.999, Exit},
	} {
		cfg := Config{OnSigterm: Drain, ExitShare: tc.share}
		cfg.Draw(func() float64 { return tc.drawn })
		if cfg.OnSigterm != tc.want {
			t.Errorf("share %g, drawn %g: %s on SIGTERM, want %s", tc.share, tc.drawn, cfg.OnSigterm, tc.want)
		}
	}
}
