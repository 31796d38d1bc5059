package control

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// The control's own timing: it is to be caught, not to be measured.
const (
	baseline = check.Duration(5 * time.Second)
	settle   = check.Duration(5 * time.Second)
	timeout  = check.Duration(2 * time.Minute)
)

// Check gives the check that has to catch the control: one restart under the
// rates and connections of the check that it stands for.
func (s *Service) Check() check.Check {
	c := check.Check{
		Metadata:    check.Metadata{Name: s.name},
		Workload:    check.Workload{Kind: check.Deployment, Name: s.name},
		Target:      check.Target{URL: s.url},
		Inside:      s.of.Inside,
		Disruptions: []check.Disruption{{Restart: &check.Restart{}}},
		Timing:      check.Timing{Baseline: baseline, Settle: settle, Timeout: timeout},
	}
	for _, stream := range s.of.Streams {
		// What the requests say and are there to prove is meant for the workload
		// alone.
		c.Streams = append(c.Streams, check.Stream{
			Name: stream.Name, Rate: stream.Rate, Connections: stream.Connections,
			Pool: stream.Pool, MaxConnections: stream.MaxConnections, Timeout: stream.Timeout,
		})
		// Every stream has to be answered before anything is done.
		c.Timing.Baseline = max(c.Timing.Baseline, check.Duration(2*float64(time.Second)/stream.Rate))
	}
	c = c.WithDefaults()
	c.Window = nil // what it has to lose is known without
	return c
}
