package control

import (
	"slices"
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
func (s *Service) Check(of check.Check) check.Check {
	c := check.Check{
		Metadata:    check.Metadata{Name: s.name},
		Workload:    check.Workload{Kind: check.Deployment, Name: s.name},
		Target:      check.Target{URL: s.url},
		Streams:     slices.Clone(of.Streams),
		Disruptions: []check.Disruption{{Restart: &check.Restart{}}},
		Timing:      check.Timing{Baseline: baseline, Settle: settle, Timeout: timeout},
	}
	for i := range c.Streams {
		stream := &c.Streams[i]
		stream.URL, stream.Method, stream.ExpectStatus = s.url, "", nil
		// Every stream has to be answered before anything is done.
		c.Timing.Baseline = max(c.Timing.Baseline, check.Duration(2*float64(time.Second)/stream.Rate))
	}
	return c.WithDefaults()
}
