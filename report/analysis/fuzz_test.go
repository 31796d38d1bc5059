package analysis

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// mostAllocated is more than the report of any recording of some kilobytes takes.
const mostAllocated = 512 << 20

// Whatever the lines of a recording say, a report is made of it, within bounds, and
// it is no pass where something is lost.
func FuzzAnalyze(f *testing.F) {
	golden := "../testdata/golden/prestop-eats-the-grace-period"
	dir := filepath.Join(f.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(golden)); err != nil {
		f.Fatal(err)
	}
	get := func(folder, name string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	folders, err := filepath.Glob("../testdata/golden/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, folder := range folders {
		f.Add(get(folder, "run.json"), get(folder, "events.jsonl"), get(folder, "actions.jsonl"), get(folder, "end.json"))
	}
	f.Fuzz(func(t *testing.T, header, events, actions, ending []byte) {
		for name, data := range map[string][]byte{"run.json": header, "events.jsonl": events, "actions.jsonl": actions, "end.json": ending} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := recording.Open(dir)
		if err != nil {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rep, err := Analyze(t.Context(), r)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > mostAllocated {
			t.Errorf("%d MB were allocated", used>>20)
		}
		if err == nil && rep.Verdict == report.Passed && len(r.Losses) > 0 {
			t.Errorf("passed although %v", r.Losses)
		}
	})
}
