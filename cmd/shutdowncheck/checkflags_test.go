package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// parsed gives the check that a command line of run makes.
func parsed(t *testing.T, line ...string) check.Check {
	t.Helper()
	var f checkFlags
	var c check.Check
	cmd := &cobra.Command{Args: atMostOneWorkload, RunE: func(cmd *cobra.Command, args []string) (err error) {
		c, err = f.read(cmd, args)
		return err
	}}
	f.add(cmd.Flags())
	cmd.SetArgs(append([]string{"deployment/web", "--url", "http://web/"}, line...))
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Each check is told as the file that says the same.
func TestFlagsSayWhatAFileSays(t *testing.T) {
	tests := map[string]struct{ line, file string }{
		"nothing":         {"", "disruptions: [restart: {}]"},
		"order":           {"--evict 1 --restart --scale-to 0 --evict 2", "disruptions: [evict: {}, restart: {}, scale: {to: 0}, evict: {pods: 2}]"},
		"the other order": {"--scale-to 9 --restart", "disruptions: [scale: {to: 9}, restart: {}]"},
		"not wanted":      {"--restart=false --evict 1", "disruptions: [evict: {}]"},
		"delete":          {"--delete 2", "disruptions: [delete: {pods: 2}]"},
		"forced delete":   {"--grace-period 0s --delete 2", "disruptions: [delete: {pods: 2, gracePeriod: 0s}]"},
		"drain":           {"--drain of-a-pod", "disruptions: [drain: {}]"},
		"drain of all":    {"--drain worker-1 --drain-pods all", "disruptions: [drain: {node: worker-1, pods: all}]"},
		"kill":            {"--kill SIGTERM", "disruptions: [kill: {}]"},
		"kill from the node": {
			"--kill SIGKILL --kill-pods 2 --kill-via node --helper-image a --container b",
			"disruptions: [kill: {signal: SIGKILL, pods: 2, via: node, helperImage: a, container: b}]",
		},
		"image and env":  {"--env A=b=c --restart --image d --env E= --container f", "disruptions: [image: {image: d, container: f, env: [{name: A, value: b=c}, {name: E, value: ''}]}, restart: {}]"},
		"two images":     {"--image a --image b --env C=d", "disruptions: [image: {image: a}, image: {image: b, env: [{name: C, value: d}]}]"},
		"observe":        {"--observe 5m", "disruptions: [observe: {for: 5m}]"},
		"command":        {"--restart -- helm upgrade --wait", "disruptions: [restart: {}, command: [helm, upgrade, --wait]]"},
		"command only":   {"-- helm -- x", "disruptions: [command: [helm, --, x]]"},
		"repeat":         {"--repeat 3 --pause 5s --evict 1", "disruptions: [{evict: {}, repeat: 3, pause: 5s}]"},
		"repeat default": {"--repeat 3", "disruptions: [{restart: {}, repeat: 3}]"},
		"soak":           {"--soak-every 1m --soak-for 1h", "soak: {every: 1m, for: 1h}"},
		"prove":          {"--prove 5%", "prove: {lossyEnds: 5%}"},
		"surely proven":  {"--prove 0.01 --prove-confidence 99% --prove-within 2h", "prove: {lossyEnds: 1%, confidence: 0.99, within: 2h}"},
		"control":        {"--control --control-image a --control-url http://b/", "control: {image: a, url: 'http://b/'}"},
		"streams": {
			"--stream name=a,connections=new,url=http://a/slow?for=5s,rate=5,timeout=20s,method=HEAD --stream connections=reused,name=b --rate 7 --pool 3",
			"streams: [{name: a, connections: new, url: 'http://a/slow?for=5s', rate: 5, timeout: 20s, method: HEAD}, {name: b, connections: reused, rate: 7, pool: 3}]",
		},
		"slow": {
			"--slow /slow?for=5s",
			"streams: [{name: short-new, rate: 100, connections: new}, {name: short-reused, rate: 100, connections: reused}, {name: slow, kind: slow, url: 'http://web/slow?for=5s'}]",
		},
		"long streams beside others": {
			"--stream name=a,connections=new --slow x --streaming https://b/feed --slow y --rate 7 --stream-timeout 3s --method HEAD --max-connections 9",
			"streams: [{name: a, connections: new, rate: 7, timeout: 3s, method: HEAD, maxConnections: 9}, {name: slow, kind: slow, url: 'http://web/x', maxConnections: 9}, " +
				"{name: streaming, kind: streaming, url: 'https://b/feed', maxConnections: 9}, {name: slow-2, kind: slow, url: 'http://web/y', maxConnections: 9}]",
		},
		"a long stream of one's own": {
			"--stream name=a,kind=slow,connections=reused,pool=3,timeout=2m --stream name=b,kind=streaming,rate=9 --rate 7",
			"streams: [{name: a, kind: slow, connections: reused, pool: 3, timeout: 2m}, {name: b, kind: streaming, rate: 9}]",
		},
		"a comma in quotes": {`--stream name=a,connections=reused,pool=2,"url=http://a/?b=1,2"`, "streams: [{name: a, connections: reused, pool: 2, rate: 100, url: 'http://a/?b=1,2'}]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := check.Read("c.yaml", []byte("workload: deployment/web\ntarget: {url: 'http://web/'}\n"+test.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed(t, strings.Fields(test.line)...); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestShutdownLogFlag(t *testing.T) {
	c := parsed(t, "--shutdown-log", "^shutting down", "--timeout", "1m")
	if c.Target.ShutdownLog != "^shutting down" || c.Timing.Timeout != check.Duration(time.Minute) {
		t.Errorf("got %+v", c)
	}
}
