package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// requests are the ends that the run itself asked for.
type requests struct {
	// byPod are those of each pod's UID, in their order.
	byPod map[string][]ownRequest
	// cordoned are the times at which nodes were seen to be closed to new
	// pods.
	cordoned map[string][]cordon
	// check are the disruptions by their number.
	check []check.Disruption
}

// ownRequest is one that was made at that time, and granted by the time done.
type ownRequest struct {
	disruption check.DisruptionKind
	number     int
	at, done   time.Time
}

type cordon struct {
	at time.Time
	on bool
}

func readRequests(r *recording.Recording) *requests {
	q := &requests{byPod: map[string][]ownRequest{}, cordoned: map[string][]cordon{}, check: r.Header.Check.Disruptions}
	for i := range r.Actions {
		action := &r.Actions[i]
		if action.Kind != recording.Requested {
			continue
		}
		for _, uid := range action.DoomedUIDs {
			q.byPod[uid] = append(q.byPod[uid], ownRequest{action.Name, action.Disruption, action.At, later(action.At, action.Done)})
		}
	}
	for event := range r.Events.ButSlices() {
		if n := event.Node; n != nil {
			q.cordoned[n.Name] = append(q.cordoned[n.Name], cordon{event.At, n.Unschedulable})
		}
	}
	return q
}

// killing is a signal of the run's, and when it was sent.
type killing struct {
	signal check.Signal
	sent   report.Interval
}

// kills tells which of the pod's containers' exits the run's signals brought about:
// of each signal the first one that follows.
func (q *requests) kills(p *podHistory, clock span) map[*recording.Exit]killing {
	kills := map[*recording.Exit]killing{}
	for _, r := range q.byPod[p.first.UID] {
		if r.disruption != check.KindKill {
			continue
		}
		var first *recording.Exit
		for _, e := range p.exits {
			if e.old || finished(e.exit, e.seen, clock).To.Before(r.at.Add(-clockSlack)) {
				continue
			}
			if first == nil || e.exit.FinishedAt.Before(first.FinishedAt) {
				first = e.exit
			}
		}
		if _, known := kills[first]; first != nil && !known {
			sent := sourced(report.Interval{From: r.at, To: r.done.Add(signalDelay)}, "the run's own signal")
			kills[first] = killing{q.signalOf(r.number), sent}
		}
	}
	return kills
}

// signalOf is the signal that a disruption sends.
func (q *requests) signalOf(number int) check.Signal {
	if number < 0 || number >= len(q.check) || q.check[number].Kill == nil {
		return check.DefaultSignal
	}
	return cmp.Or(q.check[number].Kill.Signal, check.DefaultSignal)
}

// ownDisruptions are those that name the pods which they end themselves. A rollout's
// pods are ended by their controller, which may not come to all of them.
var ownDisruptions = map[check.DisruptionKind]report.EndedBy{
	check.KindDelete: report.ByDelete,
	check.KindScale:  report.ByScaleDown,
	check.KindEvict:  report.ByEviction,
	check.KindDrain:  report.ByDrain,
}

// endedBy tells by which of its disruptions the run ended the pod, if it did: by the
// last of those that had asked for it by then.
func (q *requests) endedBy(t *ending) (by report.EndedBy, ok bool) {
	for _, r := range slices.Backward(q.byPod[t.UID]) {
		if by, ok := ownDisruptions[r.disruption]; ok && !r.at.After(t.begunBy().Add(clockSlack)) {
			return by, true
		}
	}
	return "", false
}

// drained tells a drain from other evictions: by the run's own request, or else by
// whether the node was closed.
func (q *requests) drained(t *ending) bool {
	if by, ok := q.endedBy(t); ok {
		return by == report.ByDrain
	}
	closed := false
	for _, c := range q.cordoned[t.Node] {
		if c.at.After(t.begunBy()) {
			break
		}
		closed = c.on
	}
	return closed
}
