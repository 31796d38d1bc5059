package witness

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// ProxyLags tells for each pod that ended after it had left the slices, and was led
// new connections by the nodes' proxies even so, until how long after it had left
// they were dialled, the shortest first. A pod that stops to listen sooner than the
// proxies follow shows its own time. What it takes is what [Hear] takes.
func ProxyLags(r *report.Report, run, folder, workload string) ([]time.Duration, error) {
	h, err := hear(r, run, folder, workload)
	if err != nil {
		return nil, err
	}
	return h.proxyLags(r), nil
}

func (h *heard) proxyLags(r *report.Report) []time.Duration {
	last := map[string]time.Time{}
	readOf := h.byRequest()
	for i := range h.samples {
		s := &h.samples[i]
		if by, known := readOf(s); known && s.Fresh() {
			if s.DialledAt().After(last[by.pod]) {
				last[by.pod] = s.DialledAt()
			}
		}
	}
	var lags []time.Duration
	for i := range r.Terminations {
		t := &r.Terminations[i]
		// A pod whose container alone ended comes back into the slices.
		if lag := last[t.Pod].Sub(t.LeftSlice.To); t.Container == "" && t.LeftSlice.Known() && lag > 0 {
			lags = append(lags, lag)
		}
	}
	slices.Sort(lags)
	return lags
}
