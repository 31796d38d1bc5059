package analysis

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// run is what the run did and when.
type run struct {
	// baseline is zero if there was none.
	baseline    struct{ from, to time.Time }
	disruptions []*disrupted
	// restoreFailed holds what could not be put back.
	restoreFailed []string
	// takenBack holds what others had put back before the run did, each once.
	takenBack []string
}

type disrupted struct {
	report.Disruption
	number int
}

func readRun(actions []recording.Action) *run {
	r := &run{}
	current := func(number int) *disrupted {
		// A disruption may be done several times: the last one is meant.
		for _, d := range slices.Backward(r.disruptions) {
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
				r.baseline.from = a.At
			case recording.Disrupt:
				r.disruptions = append(r.disruptions, &disrupted{
					number:     a.Disruption,
					Disruption: report.Disruption{Kind: string(a.Name), Detail: a.Detail, Started: a.At, Terminated: []string{}, Spread: namedSpreads(a.Spread)},
				})
			}
		case recording.PhaseEnded:
			if a.Phase == recording.Baseline {
				r.baseline.to = a.At
			}
		case recording.RestoreFailed:
			r.restoreFailed = append(r.restoreFailed, a.Detail)
		case recording.TakenBack:
			if !slices.Contains(r.takenBack, a.Detail) {
				r.takenBack = append(r.takenBack, a.Detail)
			}
		}
		if d := current(a.Disruption); d != nil {
			d.take(a)
		}
	}
	return r
}

// take adds what an action tells of the disruption.
func (d *disrupted) take(a *recording.Action) {
	switch a.Kind {
	case recording.Requested:
		if a.Detail != "" {
			d.Changes = append(d.Changes, a.Detail)
		}
	case recording.Refused:
		d.Refusals = append(d.Refusals, a.Detail)
	case recording.Restored, recording.TakenBack:
		d.Restored = append(d.Restored, a.Detail)
	case recording.Commanded:
		d.Command = &report.Command{ExitCode: a.ExitCode, OutputBytes: a.OutputBytes, OutputLines: a.OutputLines, Output: strings.ToValidUTF8(a.Output, "�"), Took: report.Duration(a.Done.Sub(a.At))}
	case recording.Steady:
		d.Steady = a.At
		d.Took = new(report.Duration(a.At.Sub(d.Started).Round(time.Millisecond)))
	case recording.NotSteady:
		d.Unsteady = a.Detail
	}
}

// withEnded gives the disruptions, each with the ends that began in its time, but for
// those of containers that no request can have come to.
func (r *run) withEnded(endings []*ending) []report.Disruption {
	all := make([]report.Disruption, len(r.disruptions))
	for i, d := range r.disruptions {
		all[i] = d.Disruption
	}
	for _, t := range endings {
		if t.OutOfService {
			continue
		}
		for i := range slices.Backward(all) {
			d := &all[i]
			if !t.begunBy().Before(d.Started) {
				d.Terminated = append(d.Terminated, t.Pod)
				if t.Container != "" {
					d.Containers++
				}
				break
			}
		}
	}
	return all
}

// inBaseline tells whether a request sent then met the undisturbed service. The first
// ones may be sent a moment before it is recorded that the baseline has begun.
func (r *run) inBaseline(sent time.Time) bool {
	return !r.baseline.from.IsZero() && (r.baseline.to.IsZero() || sent.Before(r.baseline.to))
}

// namedSpread gives how connections were spread over the pods, or nothing where no
// answer named its pod.
func namedSpread(pods map[string]int) map[string]int {
	for pod := range pods {
		if pod != "" {
			return pods
		}
	}
	return nil
}

// namedSpreads does so for each stream.
func namedSpreads(streams map[string]map[string]int) map[string]map[string]int {
	named := maps.Clone(streams)
	maps.DeleteFunc(named, func(_ string, pods map[string]int) bool { return namedSpread(pods) == nil })
	return named
}
