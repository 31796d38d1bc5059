package experiment

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// How the kept connections are spread is recorded where a disruption begins, for the
// streams that keep some, and where the load ends.
func TestTheSpreadIsRecorded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Pod-Name", "web-1")
	}))
	defer server.Close()
	dir, now := t.TempDir(), NewClock()
	writer, err := recording.Create(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{writer: writer, cfg: Config{Now: now, Check: check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: server.URL},
		Streams: []check.Stream{
			{Name: "new", Rate: sceneRate, Connections: check.New},
			{Name: "kept", Rate: sceneRate, Connections: check.Reused, Pool: 1},
		},
	}.WithDefaults()}}
	if err := r.startLoad(t.Context(), func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); r.load.spread(t.Context())["kept"]["web-1"] == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no connection was answered: %v", r.load.spread(t.Context()))
		}
	}
	r.enter(t.Context(), recording.Baseline, step{index: recording.NoDisruption})()
	restart := step{Disruption: check.Disruption{Restart: &check.Restart{}}}
	r.enter(t.Context(), recording.Disrupt, restart)()
	r.enter(t.Context(), recording.Settle, restart)()
	if err := r.teardown.run(t.Context(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	if err := writer.Header(recording.Header{Check: r.cfg.Check}); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(r.ending(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}

	recorded, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range recorded.Actions {
		if wanted := a.Kind == recording.PhaseBegan && a.Phase == recording.Disrupt; wanted != (a.Spread != nil) {
			t.Errorf("%s of %s: %v", a.Kind, a.Phase, a.Spread)
		}
		if a.Spread != nil && (len(a.Spread) != 1 || a.Spread["kept"]["web-1"] == 0) {
			t.Errorf("%v", a.Spread)
		}
	}
	ends := recorded.Ending.Streams
	if ends[0].Spread != nil || !maps.Equal(ends[1].Spread, map[string]int{"web-1": 1}) {
		t.Errorf("at the end: %v, %v", ends[0].Spread, ends[1].Spread)
	}
}
