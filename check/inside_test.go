package check_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func readInside(t *testing.T, rest string) (check.Check, error) {
	t.Helper()
	return check.Read("check.yaml", []byte("workload: deployment/web\n"+rest))
}

func TestInsideHasItsDefaults(t *testing.T) {
	for text, want := range map[string]check.Inside{
		"inside:\n":                      {Senders: 1},
		"inside: {senders: 7, image: x}": {Senders: 7, Image: "x"},
		"inside: {senders: all}":         {Senders: check.EachNode},
	} {
		c, err := readInside(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if *c.Inside != want {
			t.Errorf("%s: %+v, want %+v", text, *c.Inside, want)
		}
		// A recording says the same.
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again check.Check
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatal(err)
		}
		if *again.Inside != want {
			t.Errorf("%s: recorded as %+v", text, *again.Inside)
		}
	}
}

func TestInsideIsHeldToItsBounds(t *testing.T) {
	const stream = "streams: [{name: a, rate: 60000, connections: reused, pool: 30000}]\n"
	for text, want := range map[string]string{
		"inside: {senders: 0}":                                                                     "inside.senders: 0; want 1 to 1000, or all",
		"inside: {senders: 1001}":                                                                  "inside.senders: 1001; want 1 to 1000, or all",
		"inside: {senders: -1}":                                                                    `inside.senders: "-1"; want 1 to 1000, or all`,
		"inside: {image: ' '}":                                                                     `inside.image: " " is no image reference`,
		"inside: {senders: 3}\n" + stream:                                                          "",
		"inside: {senders: 2}\n" + stream:                                                          "want more than 0 and at most 40000",
		"inside: {senders: all}\n" + stream:                                                        "30000 connections; want 1 to 10000",
		"inside:\nstreams: [{name: a, kind: slow, url: /slow}]":                                    "",
		"inside:\nstreams: [{name: a, kind: slow, url: slow}]":                                     `"slow" has no http or https scheme`,
		"target: {url: 'http://web/'}\nstreams: [{name: a, kind: slow, url: /slow}]":               `"/slow" has no http or https scheme`,
		"target: {podHeader: X}":                                                                   "target.url: missing",
		"inside:\nstreams: [{name: a, kind: slow, protocol: h2}]":                                  "",
		"inside:\ntarget: {url: 'http://localhost:8080/'}":                                         "target.url: localhost is the sender itself, inside the cluster; leave it out, or give the service's own address",
		"inside:\ntarget: {url: 'http://LocalHost./'}":                                             "target.url: localhost is the sender itself",
		"inside:\ntarget: {url: 'https://127.1.2.3/'}":                                             "target.url: 127.1.2.3 is the sender itself",
		"inside:\ntarget: {url: 'http://[::1]:80/'}":                                               "target.url: ::1 is the sender itself",
		"inside:\ntarget: {url: 'http://0.0.0.0/'}":                                                "target.url: 0.0.0.0 is the sender itself",
		"inside:\ntarget: {url: 'http://128.0.0.1/'}":                                              "",
		"inside:\ntarget: {url: 'http://localhost.shop/'}":                                         "",
		"target: {url: 'http://localhost/'}":                                                       "",
		"inside:\nstreams: [{name: a, kind: slow, url: 'http://127.0.0.1/slow'}]":                  "streams[0].url: 127.0.0.1 is the sender itself, inside the cluster; give the service's own address",
		"inside:\ncontrol: {image: x, url: 'http://127.0.0.1/'}":                                   "control.url: 127.0.0.1 is the sender itself",
		"inside: {senders: 3}\nstreams: [{name: a, rate: 1, connections: new, maxConnections: 2}]": "streams[0].maxConnections: 2 connections of 3 senders, of which each has one at least; want at least 3, or 0 for no limit",
		"inside: {senders: 3}\nstreams: [{name: a, rate: 1, connections: new, maxConnections: 3}]": "",
	} {
		_, err := readInside(t, text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// What depends on the URL is judged once it is found.
func TestAFoundURLIsEveryStreams(t *testing.T) {
	c, err := readInside(t, "inside:\nstreams: [{name: a, rate: 1, connections: new}, {name: b, kind: slow, url: '/slow?for=5s'}, {name: c, kind: slow, url: 'http://other/'}]")
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.WithURL("http://web.shop.svc.cluster.local:8080/")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"http://web.shop.svc.cluster.local:8080/", "http://web.shop.svc.cluster.local:8080/slow?for=5s", "http://other/"} {
		if got := found.Streams[i].URL; got != want {
			t.Errorf("stream %d asks %s, want %s", i, got, want)
		}
	}
	if err := found.Validate(); err != nil {
		t.Error(err)
	}
	if c.Streams[0].URL != "" || !c.WantsURL() || found.WantsURL() {
		t.Error("the check that had no URL was changed")
	}
	found.Streams[0].Protocol = check.HTTP2
	if err := found.Validate(); err == nil || !strings.Contains(err.Error(), "want an https URL") {
		t.Errorf("h2 to an http URL: %v", err)
	}
}
