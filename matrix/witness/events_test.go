package witness

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
)

// Lines of the sample service: one of an earlier run, a probe's, and a last one that
// the process did not live to end.
func TestReadEvents(t *testing.T) {
	folder := t.TempDir()
	log := `{"time":"2026-01-02T03:04:04.9Z","event":"request-start","pod":"a","request":{"stream":"reused","seq":"9","path":"/","remote":"10.244.1.7:4000","started":"2026-01-02T03:04:04.9Z"}}
{"time":"2026-01-02T03:04:05.1Z","event":"request-start","pod":"a","request":{"path":"/healthz","remote":"10.244.1.1:5000","started":"2026-01-02T03:04:05.1Z"}}
{"time":"2026-01-02T03:04:05.2Z","event":"request-start","pod":"a","request":{"stream":"reused","seq":"9","path":"/","remote":"10.244.1.7:4001","started":"2026-01-02T03:04:05.2Z"}}
{"time":"2026-01-02T03:04:05.3Z","event":"request-end","pod":"a","request":{"stream":"reused","seq":"9","path":"/","remote":"10.244.1.7:4001","started":"2026-01-02T03:04:05.2Z"},"status":200}
{"time":"2026-01-02T03:04:05.4Z","event":"request-start","po`
	if err := os.WriteFile(filepath.Join(folder, "a.jsonl"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := Events(folder)
	if err != nil || len(events) != 4 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	want := []read{logged("a", 9, 4001, 200)}
	if got := readEvents(events, base, began, began.Add(5*time.Second)); !slices.Equal(got, want) {
		t.Errorf("have %v\nwant %v", got, want)
	}
	// A call of gRPC that bears nothing but its trace, and a probe's.
	id := base.Traces("reused").ID(10)
	call := victim.Request{Traceparent: fmt.Sprintf("00-%x-b7ad6b7169203331-01", id[:]), Remote: "10.244.1.7:4002", Started: at(300)}
	events = []victim.Event{
		{Time: call.Started, Event: victim.RequestStart, Pod: "b", Request: &call},
		{Time: call.Started, Event: victim.RequestStart, Pod: "b", Request: &victim.Request{Path: "/grpc.health.v1.Health/Check"}},
	}
	want = []read{logged("b", 10, 4002, 300)}
	if got := readEvents(events, base, began, began.Add(5*time.Second)); !slices.Equal(got, want) {
		t.Errorf("have %v\nwant %v", got, want)
	}
	events = []victim.Event{{Event: victim.Started}, {Event: victim.Listening}}
	if got := readEvents(events, base, began, at(1)); got != nil {
		t.Errorf("no request was read: %v", got)
	}
}
