package witness

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// ProxyLags tells for each pod that ended after it had left the slices, and was led
// new connections by the nodes' proxies even so, until how long after it had left
// they were dialled, the shortest first. A pod that stops to listen sooner than the
// proxies follow shows its own time.
func ProxyLags(r *report.Report, samples []recording.Sample, logs *Logs) []time.Duration {
	last := map[string]time.Time{}
	for i := range samples {
		s := &samples[i]
		if u, read := logs.readBy[request{s.Stream, s.Seq}]; read && s.Fresh() && s.DialledAt().After(last[u.pod]) {
			last[u.pod] = s.DialledAt()
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
