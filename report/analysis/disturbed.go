package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// disturbed are the times, apart and in their order, in which what ended may have slowed
// requests down: for each disruption from the beginning of its first end until the last of
// its ends is over, as long as requests may still be sent to what has ended (follows),
// and until the workload was steady again. An observation is steady when it is over, however
// long nothing had ended by then, so that its ends alone count; as do those of no disruption.
func (r *run) disturbed(endings []*ending, follows time.Duration) []report.Interval {
	spans := make([]report.Interval, len(r.disruptions))
	var all []report.Interval
	for _, t := range endings {
		if t.OutOfService {
			continue
		}
		span := report.Interval{From: t.begin(), To: t.overBy().Add(follows)}
		at := -1
		for i, d := range r.disruptions {
			if !t.begunBy().Before(d.Started) {
				at = i
			}
		}
		switch {
		case at < 0:
			all = append(all, span)
		case spans[at].Known():
			spans[at] = report.Interval{From: earlier(spans[at].From, span.From), To: later(spans[at].To, span.To)}
		default:
			spans[at] = span
		}
	}
	for i, d := range r.disruptions {
		if !spans[i].Known() {
			continue
		}
		if d.Kind != string(check.KindObserve) {
			spans[i].To = later(spans[i].To, d.Steady)
		}
		all = append(all, spans[i])
	}
	return together(all)
}

// overBy is when what ended has certainly gone, or is back.
func (t *ending) overBy() time.Time {
	if t.Container != "" && t.Back.Known() {
		return later(t.exit().To, t.Back.To)
	}
	return t.exit().To
}
