package victim

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLogFileHoldsWhatStdoutHolds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on demand")
	file := filepath.Join(dir, "pod-1.jsonl")
	var want []Event
	for range 2 { // a restarted container appends
		r := start(t, "VICTIM_LOG_DIR="+dir)
		r.wantStatus("/", 200)
		r.sigterm()
		r.wantCode(0)
		events, _ := r.log.snapshot()
		want = append(want, events...)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []Event
	for line := range strings.Lines(string(text)) {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, e)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("file: %+v\nstdout: %+v", got, want)
	}
}

func TestUnwritableLogDirIsBadUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "VICTIM_LOG_DIR="+file)
	<-r.left
	if r.code != 2 || r.err == nil || !strings.Contains(r.err.Error(), file) {
		t.Errorf("left with %d, %v", r.code, r.err)
	}
}

func TestLogLines(t *testing.T) {
	cfg, err := FromEnv([]string{"VICTIM_ADDR=127.0.0.1:0", "POD_NAME=web-0", "VICTIM_START_DELAY=1h"})
	if err != nil {
		t.Fatal(err)
	}
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	var out bytes.Buffer
	code, err := Run(context.Background(), cfg, signals, &out)
	if code != 0 || err != nil {
		t.Fatal(code, err)
	}
	var shapes []string
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339Nano, m["time"].(string))
		if err != nil || time.Since(at) > time.Minute || !strings.HasSuffix(m["time"].(string), "Z") {
			t.Errorf("time %v: %v", m["time"], err)
		}
		delete(m, "time")
		shape, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		shapes = append(shapes, string(shape))
	}
	want := []string{
		`{"event":"started","pod":"web-0"}`,
		`{"event":"sigterm","inFlight":[],"pod":"web-0"}`,
		`{"event":"draining","inFlight":[],"pod":"web-0"}`,
		`{"code":0,"event":"exiting","inFlight":[],"pod":"web-0","reason":"drained"}`,
	}
	if !reflect.DeepEqual(shapes, want) {
		t.Errorf("got %s", strings.Join(shapes, "\n"))
	}
}

func TestRequestsAreLoggedOnlyOnDemand(t *testing.T) {
	r := start(t, "VICTIM_LOG_REQUESTS=false")
	r.wantStatus("/", 200)
	r.sigterm()
	r.wantCode(0)
	events, _ := r.log.snapshot()
	if len(events) != len(r.log.life()) {
		t.Errorf("log: %+v", events)
	}

	r = start(t)
	c := r.dial()
	c.send("/?x=1", "X-Vegeta-Attack: short-new", "X-Vegeta-Seq: 7")
	c.receive()
	begin, end := r.await(RequestStart), r.await(RequestEnd)
	want := Request{Stream: "short-new", Seq: "7", Path: "/?x=1", Remote: c.conn.LocalAddr().String(), Started: begin.Time}
	if *begin.Request != want || *end.Request != want || end.Status != 200 || end.Time.Before(begin.Time) {
		t.Errorf("got %+v, %+v", begin, end)
	}
}
