package witness

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Lines that the servers wrote.
func TestParseAccess(t *testing.T) {
	for server, test := range map[string]struct {
		line   string
		micros int64
		port   uint16
	}{
		"nginx":       {"1795781783.380 45003 00-00000000000000000000000000000003-0000000000000007-01\n", 1795781783380000, 45003},
		"haproxy":     {"1795782028.135286 60088 00-00000000000000000000000000000003-0000000000000007-01\n", 1795782028135286, 60088},
		"apache":      {"1795782846.698 56252 00-00000000000000000000000000000003-0000000000000007-01\n", 1795782846698000, 56252},
		"gunicorn":    {"1795781889.237700 45003 00-00000000000000000000000000000003-0000000000000007-01\n", 1795781889237700, 45003},
		"uvicorn":     {"1795781894.042031 45003 00-00000000000000000000000000000003-0000000000000007-01\n", 1795781894042031, 45003},
		"tornado":     {"1795782034.566576 60142 00-00000000000000000000000000000003-0000000000000007-01\n", 1795782034566576, 60142},
		"node":        {"1795782039.89 35196 00-00000000000000000000000000000003-0000000000000007-01\n", 1795782039890000, 35196},
		"puma":        {"1795782045.986035 46076 00-00000000000000000000000000000003-0000000000000007-01\n", 1795782045986035, 46076},
		"jvm":         {"1795782213.460 33106 00-00000000000000000000000000000003-0000000000000007-01\n", 1795782213460000, 33106},
		"caddy":       {"1795784882.629 54578 00-00000000000000000000000000000003-0000000000000007-01\n", 1795784882629000, 54578},
		"php -S":      {"1795784955.023075 52446 00-00000000000000000000000000000003-0000000000000007-01\n", 1795784955023075, 52446},
		"http.server": {"1795784893.163227 37962 00-00000000000000000000000000000003-0000000000000007-01\n", 1795784893163227, 37962},
	} {
		want := read{at: time.UnixMicro(test.micros), port: test.port, id: recording.TraceID{15: 3}}
		if got, traced, err := parseAccess(test.line); got != want || !traced || err != nil {
			t.Errorf("%s: have %v, %v, %v\nwant %v", server, got, traced, err, want)
		}
	}
	if got, traced, err := parseAccess("1795781888.531719 50412 -\n"); traced || err != nil {
		t.Errorf("it bore none: %v, %v, %v", got, traced, err)
	}
	for _, line := range []string{
		"\n", "1795781888.5\n", "1795781888.5 50412\n", "yesterday 50412 -\n", "1795781888.5 504120 -\n",
		"1795781888.5 50412 00-03-07-01\n", "1795781888.5 50412 00-0000000000000000000000000000000x-0000000000000007-01\n",
	} {
		if got, traced, err := parseAccess(line); err == nil {
			t.Errorf("%q: %v, %v; want an error", line, got, traced)
		}
	}
}

// The pods of another workload do not count, and the line that a killed server was
// writing is left out. A server that was started again has a log of its own.
func TestAccessLogs(t *testing.T) {
	folder := t.TempDir()
	for name, log := range map[string]string{
		"proxy.proxy-5b7-x2x.1795781782185967924.log": "1795781783.5 4000 00-00000000000000000000000000000001-0000000000000007-01\n1795781783.6 40",
		"proxy.proxy-5b7-x2x.1795781790185967924.log": "1795781791.5 4000 00-00000000000000000000000000000002-0000000000000007-01\n",
		"app.app-77c-9k4.1795781782185967924.log":     "1795781783.5 5000 00-00000000000000000000000000000001-0000000000000007-01\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []read{
		{at: time.UnixMilli(1795781783500), pod: "proxy-5b7-x2x", port: 4000, id: recording.TraceID{15: 1}},
		{at: time.UnixMilli(1795781791500), pod: "proxy-5b7-x2x", port: 4000, id: recording.TraceID{15: 2}},
	}
	if got, err := accessLogs(folder, "proxy"); !slices.Equal(got, want) || err != nil {
		t.Errorf("have %v, %v\nwant %v", got, err, want)
	}
}
