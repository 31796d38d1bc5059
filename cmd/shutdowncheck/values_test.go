package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// No file of a run, in no format, has a value that was not to be shown.
func TestNoFileOfARunTellsAValue(t *testing.T) {
	const canary = "canary-value"
	c := check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target: check.Target{
			URL:     "http://web/?token=" + canary,
			Headers: []check.Header{{Name: "Authorization", Value: "never-" + canary}},
		},
		Streams: []check.Stream{{
			Name: "short", Rate: 1, Connections: check.New, Method: "POST", Body: &check.Body{Text: check.NewValue(canary)},
		}},
		Disruptions: []check.Disruption{
			{Image: &check.Image{Env: []check.EnvVar{{Name: "TOKEN", Value: check.NewValue(canary)}}}},
			{Command: check.NewValues("helm", "--set", "password="+canary)},
		},
	}.WithDefaults()
	for _, show := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "run")
		w, err := recording.Create(dir, func() time.Time { return runBegan })
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Header(recording.Header{Tool: "test", Began: runBegan, Namespace: "demo", Check: c.Recorded(show)}); err != nil {
			t.Fatal(err)
		}
		w.Action(recording.Action{At: runBegan, Kind: recording.PhaseBegan, Phase: recording.Disrupt, Disruption: 1, Name: "command"})
		w.Action(recording.Action{At: runBegan, Kind: recording.Commanded, Phase: recording.Disrupt, Disruption: 1, ExitCode: new(1), OutputBytes: 13, OutputLines: 1})
		if err := w.Close(recording.Ending{At: runBegan}); err != nil {
			t.Fatal(err)
		}
		rep, err := analyze(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := saveReport(dir, rep); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) < 8 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checks := strings.HasSuffix(file, "run.json") || strings.HasSuffix(file, "report.json") || strings.HasSuffix(file, "report.html")
			if got := strings.Count(string(text), canary); (got > 0) != (show && checks) {
				t.Errorf("%s holds %d values where show is %v", filepath.Base(file), got, show)
			}
			if strings.Contains(string(text), "never-"+canary) {
				t.Errorf("%s holds a header", filepath.Base(file))
			}
		}
	}
}
