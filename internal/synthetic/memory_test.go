package synthetic

import (
	"runtime"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

// A service tells all its pods anew at each change of one. What is held of that may
// grow with the changes, not with the changes times the pods.
func TestEventsAreHeldByTheChange(t *testing.T) {
	const most = 16 << 10 // for each pod that is replaced, of some twenty events
	perPod := func(pods int) int64 {
		const ended = 120
		run := Run{Rate: 20, Restarts: ended / pods, Pods: pods, PodInterval: Rounds.PodInterval}
		run.Samples = int(2 * run.Rate * (baseline + time.Duration(run.Restarts+2)*run.pause()).Seconds())
		dir := t.TempDir() + "/run"
		if err := run.Write(dir); err != nil {
			t.Fatal(err)
		}
		before := live()
		r, err := recording.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		each := (live() - before) / ended
		runtime.KeepAlive(r)
		rep, err := analysis.Analyze(t.Context(), r)
		if err != nil || len(rep.Terminations) != ended {
			t.Fatalf("%v, %d terminations", err, len(rep.Terminations))
		}
		return each
	}
	few, many := perPod(4), perPod(60)
	t.Logf("%d bytes for each of 4 pods that is replaced, %d for each of 60", few, many)
	if few > most || many > most {
		t.Errorf("%d bytes for each of 4 pods that is replaced, %d for each of 60, want at most %d", few, many, most)
	}
}

func live() int64 {
	for range 3 { // pools outlive the first
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
