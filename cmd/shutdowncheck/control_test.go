package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestCaught(t *testing.T) {
	finding := func(causes ...report.Cause) (all []report.Finding) {
		for _, c := range causes {
			all = append(all, report.Finding{Cause: c})
		}
		return all
	}
	tests := map[string]struct {
		rep  report.Report
		want bool
		why  string
	}{
		"no-drain":       {report.Report{Verdict: report.Failed, Findings: finding(report.Unknown, report.NoDrain)}, true, "caught with no-drain"},
		"listener":       {report.Report{Verdict: report.Failed, Findings: finding(report.ListenerClosedEarly)}, true, "caught with listener-closed-early"},
		"another cause":  {report.Report{Verdict: report.Failed, Findings: finding(report.Unknown, report.Unknown)}, false, "it failed with unknown, want no-drain or listener-closed-early"},
		"passed":         {report.Report{Verdict: report.Passed, Reasons: []string{"nothing lost"}}, false, "its verdict is passed: nothing lost"},
		"without a word": {report.Report{Verdict: report.Inconclusive, Reasons: []string{"a", "b"}, Findings: finding(report.NoDrain)}, false, "its verdict is inconclusive: a; b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := caught(&test.rep); got.Caught != test.want || got.Why != test.why {
				t.Errorf("got %+v, want %v, %s", got, test.want, test.why)
			}
		})
	}
}

// The careless service answers with its pod's name, and leaves a request in
// flight behind when it is told to stop.
func TestCareless(t *testing.T) {
	t.Setenv("POD_NAME", "pod-1")
	ctx, terminate := context.WithCancel(t.Context())
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- execute(ctx, []string{"careless", "--listen", "127.0.0.1:0"}, streams{out: in, err: io.Discard})
		_ = in.Close()
	}()

	var address string
	log := bufio.NewScanner(out)
	for address == "" && log.Scan() {
		var line struct{ Addr string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		address = line.Addr
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()

	for _, path := range []string{"/", "/readyz"} {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK || response.Header.Get("X-Pod-Name") != "pod-1" {
			t.Errorf("%s: got %s from %q", path, response.Status, response.Header.Get("X-Pod-Name"))
		}
	}

	inFlight := make(chan error, 1)
	go func() {
		response, err := http.Get("http://" + address + "/slow?for=1m")
		if err == nil {
			_ = response.Body.Close()
		}
		inFlight <- err
	}()
	terminate()
	if got := <-code; got != 1 {
		t.Errorf("left with %d, want 1", got)
	}
	if err := <-inFlight; err == nil {
		t.Error("a request in flight was answered")
	}
}
