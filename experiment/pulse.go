package experiment

import (
	"context"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// beat is how often the pulse is felt.
	beat = 10 * time.Millisecond
	// shortestStall is longer than what a process that has to share its processors
	// is kept waiting every day.
	shortestStall = 100 * time.Millisecond
	// mostStalls bounds what is kept of a bad day.
	mostStalls = 1000
)

// pulse notices when this process does not run: it asks for the time every ten
// milliseconds, and a beat that comes late tells. A request may time out although
// the service has answered it, while nobody was there to read.
type pulse struct {
	last   time.Time
	stalls []recording.Stall
}

func (p *pulse) beat(now time.Time) {
	if now.Sub(p.last) >= beat+shortestStall && len(p.stalls) < mostStalls {
		p.stalls = append(p.stalls, recording.Stall{From: p.last, To: now})
	}
	p.last = now
}

// startPulse feels the pulse until stop, which tells how the process fared. What
// keeps it from feeling is told to fail.
func startPulse(now func() time.Time, fail context.CancelCauseFunc) (stop func() recording.Client) {
	p := &pulse{last: now()}
	used := processorTime()
	ticker := time.NewTicker(beat)
	done := make(chan struct{})
	var feeling sync.WaitGroup
	feeling.Go(func() {
		err := guard.Call("feeling the pulse", func() error {
			for {
				select {
				case <-ticker.C:
					p.beat(now())
				case <-done:
					return nil
				}
			}
		})
		if err != nil {
			fail(err)
		}
	})
	return func() recording.Client {
		close(done)
		feeling.Wait()
		ticker.Stop()
		return recording.Client{
			CPU:            check.Duration(processorTime() - used),
			Processors:     runtime.GOMAXPROCS(0),
			LongestGCPause: check.Duration(longestGCPause()),
			Stalls:         p.stalls,
		}
	}
}

// longestGCPause is that of the whole life of the process, to the upper bound of
// the runtime's histogram.
func longestGCPause() time.Duration {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := sample[0].Value.Float64Histogram()
	for i, count := range slices.Backward(h.Counts) {
		if upper := h.Buckets[i+1]; count > 0 && !math.IsInf(upper, 1) {
			return time.Duration(upper * float64(time.Second))
		}
	}
	return 0
}
