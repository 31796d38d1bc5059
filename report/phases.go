package report

import (
	"slices"
	"strings"
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
		// A disruption may be done several times: the last one is meant.
		for _, d := range slices.Backward(c.disruptions) {
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
					Disruption: Disruption{Kind: string(a.Name), Detail: a.Detail, Started: a.At, Terminated: []string{}, Spread: namedSpreads(a.Spread)},
				})
			}
		case recording.PhaseEnded:
			if a.Phase == recording.Baseline {
				c.baseline.to = a.At
			}
		case recording.RestoreFailed:
			c.restoreFailed = append(c.restoreFailed, a.Detail)
		}
		if d := current(a.Disruption); d != nil {
			d.take(a)
		}
	}
	return c
}

// take adds what an action tells of the disruption.
func (d *Disruption) take(a *recording.Action) {
	switch a.Kind {
	case recording.Requested:
		if a.Detail != "" {
			d.Changes = append(d.Changes, a.Detail)
		}
	case recording.Refused:
		d.Refusals = append(d.Refusals, a.Detail)
	case recording.Restored:
		d.Restored = append(d.Restored, a.Detail)
	case recording.Commanded:
		d.Command = &Command{ExitCode: a.ExitCode, OutputBytes: a.OutputBytes, OutputLines: a.OutputLines, Output: strings.ToValidUTF8(a.Output, "�"), Took: Duration(a.Done.Sub(a.At))}
	case recording.Steady:
		d.Steady = a.At
		took := Duration(a.At.Sub(d.Started).Round(time.Millisecond))
		d.Took = &took
	case recording.NotSteady:
		d.Unsteady = a.Detail
	}
}

// assign gives each termination to the disruption in whose time it began.
func (c *course) assign(ended []*Termination) {
	for _, t := range ended {
		for _, d := range slices.Backward(c.disruptions) {
			if !t.begunBy().Before(d.Started) {
				d.Terminated = append(d.Terminated, t.Pod)
				if t.Container != "" {
					d.Containers++
				}
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
