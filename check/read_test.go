package check_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// valid holds every key there is, one per line, so that a test can replace a
// line and knows its number.
const valid = `apiVersion: shutdowncheck/v1alpha1
kind: Check
metadata: {name: web}
workload: deployment/web
target:
  url: http://127.0.0.1:30080/
  podHeader: X-Pod-Name
streams:
- name: fresh
  rate: 100
  connections: new
- name: kept
  rate: 12.5
  connections: reused
  pool: 8
  url: http://127.0.0.1:30080/slow?for=5s
  method: HEAD
  timeout: 20s
  expectStatus: [200, 204]
disruptions:
- restart: {}
- scale: {to: 1, restore: false}
timing:
  baseline: 5s
  settle: 6s
  timeout: 2m
budget: {failed: 1, maskable: 2, unattributed: 3}
`

func TestReadKeepsEveryKey(t *testing.T) {
	got, err := check.Read("check.yaml", []byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	want := check.Check{
		APIVersion: check.APIVersion,
		Kind:       check.Kind,
		Metadata:   check.Metadata{Name: "web"},
		Workload:   check.Workload{Kind: check.Deployment, Name: "web"},
		Target:     check.Target{URL: "http://127.0.0.1:30080/", PodHeader: "X-Pod-Name"},
		Streams: []check.Stream{
			{Name: "fresh", Kind: check.Short, Rate: 100, Connections: check.New, URL: "http://127.0.0.1:30080/", Protocol: check.HTTP1, Method: "GET", Timeout: check.Duration(10 * time.Second)},
			{
				Name: "kept", Kind: check.Short, Rate: 12.5, Connections: check.Reused, Pool: 8, URL: "http://127.0.0.1:30080/slow?for=5s",
				Protocol: check.HTTP1, Method: "HEAD", Timeout: check.Duration(20 * time.Second), ExpectStatus: []int{200, 204},
			},
		},
		Disruptions: []check.Disruption{
			{Restart: &check.Restart{}, Repeat: 1},
			{Scale: &check.Scale{To: 1, Restore: new(false)}, Repeat: 1},
		},
		Window: &check.Window{Rate: check.DefaultWindowRate},
		Timing: check.Timing{Baseline: check.Duration(5 * time.Second), Settle: check.Duration(6 * time.Second), Timeout: check.Duration(2 * time.Minute)},
		Budget: check.Budget{Failed: 1, Maskable: 2, Unattributed: 3},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReadKeepsWhatARequestIsMadeOf(t *testing.T) {
	const text = `workload: deployment/web
target:
  url: https://web.example/
  headers: [{name: Authorization, value: Bearer x}]
  tls: {caFile: ca.pem, serverName: web, insecureSkipVerify: true}
streams:
- name: orders
  rate: 5
  connections: reused
  pool: 2
  maxConnections: 4
  protocol: h2
  method: POST
  headers: [{name: X-Number, value: 5}]
  body: {file: order.json, chunked: true}
- {name: many, kind: slow, rate: 5, connections: new, targets: {file: t.txt}}
`
	got, err := check.Read("check.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := check.Target{
		URL: "https://web.example/", PodHeader: "X-Pod-Name",
		Headers: []check.Header{{Name: "Authorization", Value: "Bearer x"}},
		TLS:     &check.TLS{CAFile: "ca.pem", ServerName: "web", InsecureSkipVerify: true},
	}
	if !reflect.DeepEqual(got.Target, want) {
		t.Errorf("target %#v", got.Target)
	}
	streams := []check.Stream{
		{
			Name: "orders", Kind: check.Short, Rate: 5, Connections: check.Reused, Pool: 2, MaxConnections: 4, Protocol: check.HTTP2, Method: "POST",
			URL: want.URL, Headers: []check.Header{{Name: "X-Number", Value: "5"}}, Body: &check.Body{File: "order.json", Chunked: true},
			Timeout: check.DefaultStreamTimeout,
		},
		{
			Name: "many", Kind: check.Slow, Rate: 5, Connections: check.New, Protocol: check.HTTP1, Method: "GET", URL: want.URL,
			Targets: &check.Targets{File: "t.txt", Format: check.TargetsHTTP}, Timeout: check.DefaultLongTimeout,
		},
	}
	if !reflect.DeepEqual(got.Streams, streams) {
		t.Errorf("streams %+v", got.Streams)
	}
}

// A check is written to recordings and reports, and printed in errors.
func TestHeadersAreNeverTold(t *testing.T) {
	c := check.Check{
		Target:  check.Target{Headers: []check.Header{{Name: "Authorization", Value: "s3cret"}}},
		Streams: []check.Stream{{Headers: []check.Header{{Name: "Cookie", Value: "s3cret"}}}},
	}
	written, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(written), fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c)} {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, check.Hidden) {
			t.Error(text)
		}
	}
	if got := c.Target.Headers[0].Value.Reveal(); got != "s3cret" {
		t.Errorf("revealed %q", got)
	}
}

func TestReadFillsTheDefaults(t *testing.T) {
	got, err := check.Read("check.yaml", []byte("workload: sts/db\ntarget: {url: 'http://db:80/'}\ndisruptions:\n- restart:\n- scale: {to: 0}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Metadata.Name != "db" || got.Target.PodHeader != "X-Pod-Name" || len(got.Streams) != 2 || got.Streams[1].Pool != 32 {
		t.Errorf("got %+v", got)
	}
	if got.Disruptions[0].Restart == nil || !*got.Disruptions[1].Scale.Restore {
		t.Errorf("got disruptions %+v", got.Disruptions)
	}
}

// An empty header name is the way to ask for none, so it is not an open value.
func TestReadKeepsAnEmptyPodHeader(t *testing.T) {
	got, err := check.Read("check.yaml", []byte(strings.Replace(valid, "podHeader: X-Pod-Name", `podHeader: ""`, 1)))
	if err != nil || got.Target.PodHeader != "" {
		t.Errorf("got %q, %v", got.Target.PodHeader, err)
	}
}

func TestReadNamesTheLine(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"unknown key": {
			"  rate: 100", "  rat: 100",
			`c.yaml:10: unknown key "rat" in streams[0]; want body, budget, connections, expectBody, expectStatus, grpc, headers, kind, maxConnections, method, name, pool, protocol, rate, stages, targets, timeout, url`,
		},
		"unknown key at the root": {
			"kind: Check", "knd: Check",
			`c.yaml:2: unknown key "knd"; want apiVersion, budget, control, disruptions, inside, kind, metadata, prove, soak, stopOnFailure, streams, target, timing, window, workload`,
		},
		"key of an empty mapping": {
			"restart: {}", "restart: {now: true}",
			`c.yaml:21: unknown key "now" in disruptions[0].restart; want no keys`,
		},
		"unknown disruption": {
			"- restart: {}", "- reboot: {}",
			`c.yaml:21: unknown key "reboot" in disruptions[0]; want command, delete, drain, evict, image, kill, observe, pause, repeat, restart, scale`,
		},
		"duplicate key": {
			"  connections: new", "  rate: 5",
			`c.yaml:11: key "rate" in streams[0] is on line 10 already; want each key once`,
		},
		"text for a number": {
			"  rate: 100", "  rate: fast",
			`c.yaml:10: streams[0].rate: "fast"; want a number`,
		},
		"quoted number": {
			"  rate: 100", `  rate: "100"`,
			`c.yaml:10: streams[0].rate: "100"; want a number`,
		},
		"fraction for a whole number": {
			"  pool: 8", "  pool: 8.5",
			`c.yaml:15: streams[1].pool: "8.5"; want a whole number`,
		},
		"number too large for its field": {
			"{to: 1,", "{to: 3000000000,",
			`c.yaml:22: disruptions[1].scale.to: "3000000000" is out of range; want a whole number`,
		},
		"number for text": {
			"- name: fresh", "- name: 12",
			`c.yaml:9: streams[0].name: "12"; want text (numbers and the like in quotes)`,
		},
		"text for a truth": {
			"restore: false", "restore: never",
			`c.yaml:22: disruptions[1].scale.restore: "never"; want true or false`,
		},
		"mapping for a list": {
			"  expectStatus: [200, 204]", "  expectStatus: {a: 1}",
			`c.yaml:19: streams[1].expectStatus: a mapping; want a list`,
		},
		"list for a mapping": {
			"budget: {failed: 1, maskable: 2, unattributed: 3}", "budget: [1]",
			`c.yaml:27: budget: a list; want a mapping with failed, maskable, max, outlasts, p50, p90, p95, p99, path, unattributed`,
		},
		"no value": {
			"  url: http://127.0.0.1:30080/\n", "  url:\n",
			`c.yaml:6: target.url: no value; want text (numbers and the like in quotes)`,
		},
		"duration without a unit": {
			"baseline: 5s", "baseline: 5",
			`c.yaml:24: timing.baseline: "5" is no duration; want a number with a unit, for example 250ms, 10s or 5m`,
		},
		"unknown workload kind": {
			"deployment/web", "pod/web",
			`c.yaml:4: workload: unknown workload kind "pod" in "pod/web"; want deployment, statefulset, daemonset`,
		},
		"workload without a kind": {
			"deployment/web", "web",
			`c.yaml:4: workload: "web" names no workload; want KIND/NAME, for example deployment/web`,
		},
		"alias": {
			"{name: web}", "&a {name: web}\nbudget: *a",
			`c.yaml:4: budget: refers to an anchor; want the value itself`,
		},
		"second document": {
			"budget:", "---\nbudget:",
			`c.yaml:27: a second document; want one check per file`,
		},
		"no YAML": {
			"kind: Check", "kind: [",
			`c.yaml:2: not YAML: did not find expected ',' or ']'; want one YAML document`,
		},
		"no YAML, as the scanner sees it": {
			"  rate: 100", "  rate: 1: 2",
			`c.yaml:10: not YAML: mapping values are not allowed in this context; want one YAML document`,
		},

		// What Validate finds comes with its line too.
		"rate of 0": {
			"  rate: 100", "  rate: 0",
			`c.yaml:10: streams[0].rate: 0 requests per second; want more than 0 and at most 20000`,
		},
		"zero that a default would hide": {
			"settle: 6s", "settle: 0s",
			`c.yaml:25: timing.settle: 0s; want more than 0`,
		},
		"field that is missing, at what should hold it": {
			"  connections: new\n", "",
			`c.yaml:9: streams[0].connections: ""; want new or reused`,
		},
		"scale without a number": {
			"{to: 1, restore: false}", "{restore: false}",
			`c.yaml:22: disruptions[1].scale.to: missing; want the number of replicas to scale to`,
		},
		"two disruptions in one": {
			"- restart: {}\n- scale", "- restart: {}\n  scale",
			`c.yaml:21: disruptions[0]: restart and scale; want exactly one of command, delete, drain, evict, image, kill, observe, restart, scale`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(valid, test.old, test.new, 1)
			if text == valid {
				t.Fatalf("%q is not in the valid check", test.old)
			}
			_, err := check.Read("c.yaml", []byte(text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if _, ok := errors.AsType[*check.FileError](err); !ok {
				t.Errorf("%T is no FileError", err)
			}
		})
	}
}

func TestReadWithoutACheck(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"empty":    {"", "c.yaml:1: the file is empty; want one check"},
		"comments": {"# nothing\n", "c.yaml:1: the file is empty; want one check"},
		"null":     {"---\n", "c.yaml:2: no value; want a mapping with apiVersion, budget, control, disruptions, inside, kind, metadata, prove, soak, stopOnFailure, streams, target, timing, window, workload"},
		"binary":   {"\x00\x01", "c.yaml:1: not YAML: control characters are not allowed; want one YAML document"},
		"all of it missing": {
			"{}",
			"c.yaml:1: workload: missing; want KIND/NAME, for example deployment/web\n" +
				"c.yaml:1: target.url: missing; want an absolute URL such as http://127.0.0.1:30080/",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := check.Read("c.yaml", []byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestJSONRoundTrip(t *testing.T) {
	before, err := check.Read("check.yaml", []byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var after check.Check
	if err := json.Unmarshal(written, &after); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, again) {
		t.Errorf("first  %s\nsecond %s", written, again)
	}
	// JSON is YAML: what a recording holds can be run again.
	reread, err := check.Read("check.json", written)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, reread) {
		t.Errorf("got  %+v\nwant %+v", reread, before)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte("workload: deploy/a\ntarget: {url: 'http://a/'}"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? {a: b}\n: c"))
	f.Add([]byte("<<: {}\n"))
	f.Add([]byte("streams: [{rate: .nan}, {rate: -.inf}, {rate: !!float x}]"))
	f.Add([]byte("---\n...\n---\n"))
	f.Add([]byte(head + "- {kill: {via: node, signal: SIGKILL, helperImage: a}, repeat: 2, pause: 1s}\n- command: [a, b]\n- drain:\nsoak: {every: 1s, for: 1m}\ncontrol: {image: a}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := check.Read("c.yaml", data)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "c.yaml:") {
					t.Errorf("%q does not begin with its place", line)
				}
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("read, but not valid: %v", err)
		}
		written, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := check.Read("c.json", written); err != nil {
			t.Errorf("written as %s, which cannot be read: %v", written, err)
		}
	})
}
