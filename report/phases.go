package report

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// course is what the run did and when.
type course struct {
	// baseline is zero if there was none.
	baseline    struct{ from, to time.Time }
	disruptions []*disrupted
	// restoreFailed holds what could not be put back.
	restoreFailed []string
}

type disrupted struct {
	Disruption
	number int
}

func readCourse(actions []recording.Action) *course {
	c := &course{}
	current := func(number int) *disrupted {
		for _, d := range c.disruptions {
			if d.number == number {
				return d
			}
		}
		return nil
	}
	for i := range actions {
		a := &actions[i]
		switch a.Kind {
		case recording.PhaseBegan:
			switch a.Phase {
			case recording.Baseline:
				c.baseline.from = a.At
			case recording.Disrupt:
				c.disruptions = append(c.disruptions, &disrupted{
					number:     a.Disruption,
					Disruption: Disruption{Kind: a.Name, Detail: a.Detail, Started: a.At, Terminated: []string{}},
				})
			}
		case recording.PhaseEnded:
			if a.Phase == recording.Baseline {
				c.baseline.to = a.At
			}
		case recording.Steady:
			if d := current(a.Disruption); d != nil {
				d.Steady = a.At
			}
		case recording.NotSteady:
			if d := current(a.Disruption); d != nil {
				d.Unsteady = a.Detail
			}
		case recording.RestoreFailed:
			c.restoreFailed = append(c.restoreFailed, a.Detail)
		}
	}
	return c
}

// assign gives each termination to the disruption in whose time it began.
func (c *course) assign(ended []*Termination) {
	for _, t := range ended {
		for _, d := range slices.Backward(c.disruptions) {
			if !t.begunBy().Before(d.Started) {
				d.Terminated = append(d.Terminated, t.Pod)
				break
			}
		}
	}
}

// inBaseline tells whether a request sent then met the undisturbed service.
func (c *course) inBaseline(sent time.Time) bool {
	if c.baseline.from.IsZero() || sent.Before(c.baseline.from) {
		return false
	}
	return c.baseline.to.IsZero() || sent.Before(c.baseline.to)
}
