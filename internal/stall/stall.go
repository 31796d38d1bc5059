// Package stall notices when a process does not run, and tells how it fared.
package stall

import (
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/cputime"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// tick is how often the detector asks for the time.
	tick = 10 * time.Millisecond
	// shortest is longer than what a process that has to share its processors
	// is kept waiting every day.
	shortest = 100 * time.Millisecond
	// most bounds what is kept of a bad day.
	most = 1000
)

// detector notices when this process does not run: it asks for the time every
// ten milliseconds, and a tick that comes late tells. A request may time out although
// the service has answered it, while nobody was there to read.
type detector struct {
	last   time.Time
	stalls []recording.Stall
}

func (d *detector) tick(now time.Time) {
	if now.Sub(d.last) >= tick+shortest && len(d.stalls) < most {
		d.stalls = append(d.stalls, recording.Stall{From: d.last, To: now})
	}
	d.last = now
}

// Watch looks for stalls until stop, which tells how the process fared. What keeps it
// from looking is told to fail.
func Watch(now func() time.Time, fail func(error)) (stop func() recording.Client) {
	d := &detector{last: now()}
	used := processorTime()
	ticker := time.NewTicker(tick)
	done := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		err := guard.Call("looking for stalls", func() error {
			for {
				select {
				case <-ticker.C:
					d.tick(now())
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
		looking.Wait()
		ticker.Stop()
		return recording.Client{
			CPU:            check.Duration(processorTime() - used),
			Processors:     runtime.GOMAXPROCS(0),
			LongestGCPause: check.Duration(longestGCPause()),
			Stalls:         d.stalls,
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

// processorTime is what this process has used so far, and 0 where the system does not tell.
func processorTime() time.Duration {
	used, err := cputime.Used()
	if err != nil {
		return 0
	}
	return used
}
