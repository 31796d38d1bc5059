package experiment

import (
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The recording tells the trace of each request that bore one, and of no other.
func TestTracesAreRecorded(t *testing.T) {
	for _, traced := range []bool{true, false} {
		var mu sync.Mutex
		got := map[uint64]string{} // by number
		s := newScene(t, func(_ http.ResponseWriter, r *http.Request) {
			seq, err := strconv.ParseUint(r.Header.Get("X-Vegeta-Seq"), 10, 64)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[seq] = r.Header.Get("Traceparent")
		})
		cfg := s.config(scaleToOne)
		cfg.TraceBase, cfg.Check.Target.Trace = recording.TraceBase{1, 2, 3}, traced
		if err := Run(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		base := s.recorded(t).Header.TraceBase
		if (base == cfg.TraceBase) != traced || !traced && base != (recording.TraceBase{}) || len(got) == 0 {
			t.Errorf("traced %v: %x of %d requests", traced, base, len(got))
		}
		for seq, parent := range got {
			want := ""
			if traced {
				want = string(base.Traces("default").AppendParent(nil, seq))
			}
			if parent != want {
				t.Errorf("traced %v, request %d: %q, want %q", traced, seq, parent, want)
			}
		}
	}
}
