package analysis

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// seriesSteps bounds the steps of a series. A longer run gets longer steps.
const seriesSteps = 600

// seriesTally counts a stream's requests step by step.
type seriesTally struct {
	began time.Time
	step  time.Duration
	// until is when the last of those taken was scheduled.
	until time.Duration
	taken int
	steps []stepTally
}

type stepTally struct {
	ok, failed, maskable int
	latency              *hdrhistogram.Histogram
	maximum              time.Duration
	// latest is how long after its time the latest request was sent.
	latest time.Duration
}

func newSeriesTally(began time.Time) *seriesTally {
	return &seriesTally{began: began, step: time.Second}
}

func (c *seriesTally) take(s *recording.Sample) {
	since := max(0, s.Scheduled.Sub(c.began))
	c.until = max(c.until, since)
	c.taken++
	for since/c.step >= seriesSteps { // no product: a damaged header puts the beginning centuries away
		c.widen()
	}
	i := int(since / c.step)
	for len(c.steps) <= i {
		c.steps = append(c.steps, stepTally{})
	}
	step := &c.steps[i]
	step.latest = max(step.latest, s.Sent)
	switch s.Outcome {
	case recording.OK:
		step.ok++
		step.maximum = max(step.maximum, s.End)
		if step.latency == nil {
			// Two digits are more than a drawing shows, and take a tenth of the
			// memory of three.
			step.latency = hdrhistogram.New(1, (10 * time.Minute).Microseconds(), 2)
		}
		recordIn(step.latency, s.End)
	case recording.Failed:
		step.failed++
		if s.Maskable {
			step.maskable++
		}
	}
}

// widen makes one step of every two.
func (c *seriesTally) widen() {
	c.step *= 2
	for i := range c.steps {
		if i%2 == 0 {
			c.steps[i/2] = c.steps[i]
			continue
		}
		c.steps[i/2].add(&c.steps[i])
	}
	c.steps = c.steps[:(len(c.steps)+1)/2]
}

func (s *stepTally) add(other *stepTally) {
	s.ok += other.ok
	s.failed += other.failed
	s.maskable += other.maskable
	s.maximum = max(s.maximum, other.maximum)
	s.latest = max(s.latest, other.latest)
	switch {
	case s.latency == nil:
		s.latency = other.latency
	case other.latency != nil:
		s.latency.Merge(other.latency)
	}
}

// end is when the next request would have been due.
func (c *seriesTally) end() time.Duration { return c.until + c.until/time.Duration(max(c.taken-1, 1)) }

func (c *seriesTally) series() report.Series {
	series := report.Series{Step: report.Duration(c.step), Until: report.Duration(c.end())}
	for i := range c.steps {
		step := &c.steps[i]
		series.OK = append(series.OK, step.ok)
		series.Failed = append(series.Failed, step.failed)
		series.Maskable = append(series.Maskable, step.maskable)
		var p50, p99 report.Duration
		if step.latency != nil {
			p50, p99 = quantile(step.latency, 50), quantile(step.latency, 99)
		}
		series.P50, series.P99 = append(series.P50, p50), append(series.P99, p99)
		series.Max = append(series.Max, report.Duration(step.maximum))
	}
	return series
}
