package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Requests come to a container by way of its pod's endpoint. Proxies send new connections
// to the pods that the slices call ready, and to no other: those that are Ready and not
// terminating, or all that have an address where the Service publishes addresses that are
// not ready (KEP-1672; podToEndpoint in kubernetes staging/src/k8s.io/endpointslice). What
// a process holds it was given while its pod was called ready, or shortly after. So one
// that begins and ends while its pod is out of the slices holds nothing and loses nothing,
// as the first processes of a pod do whose database is not up yet. That a container ended
// tells nothing of this: a pod without a readiness probe is called ready while its
// processes crash. None of it holds for what goes past the slices: a pod that is dialled
// by its own address, or a proxy that knows the pods from elsewhere.

// process is one of a container's, whose pod went on when it ended.
type process struct {
	// uid is the pod's.
	uid string
	// started is the earliest moment at which it can have begun.
	started time.Time
	// end reaches from the earliest moment at which its end can have had an effect to
	// the latest one of its exit.
	end report.Interval
	// returned is when the container was seen to be Ready again; zero if it was not.
	returned time.Time
	// left is when the pod was taken out for the end of the process before it; zero if it
	// was not.
	left time.Time
}

// interruption is what the slices tell of a process's end.
type interruption struct {
	// left is when the pod was taken out, for this end or before it, back when it was
	// called ready again. Either may not have happened.
	left, back report.Interval
	// reached tells that requests may have come to the process, inRotation that new ones
	// may have when it ended.
	reached, inRotation bool
	// unseen tells that the slices are not known from then on until the pod was back.
	unseen bool
}

// takenOutLate is how much later than the pod's own status the slices may tell: where the
// controller's view is stale it tries again after a second (kubernetes
// pkg/controller/endpointslice, defaultSyncBackOff). A pod that is taken out still later
// than its container is back was not taken out for that.
const takenOutLate = time.Second

// interruption tells what the slices say of a process's end. Where they are not known
// nothing is ruled out.
func (e *endpoints) interruption(p process) interruption {
	var i interruption
	spans := e.spans[p.uid]
	if n := e.covering(p); n >= 0 {
		span := spans[n]
		i.reached, i.inRotation = true, !span.over(p.end.From.Add(-proxyLag))
		if !span.to.IsZero() && (p.returned.IsZero() || !span.to.After(p.returned.Add(takenOutLate))) {
			i.left = at(span.to)
			if n+1 < len(spans) {
				i.back = at(spans[n+1].from)
			}
		}
	}
	begin, until := p.end.From.Add(-proxyLag), endless
	if i.back.Known() {
		until = i.back.To
	}
	i.reached = i.reached || e.unknown(earlier(p.started, begin), p.end.To)
	i.inRotation = i.inRotation || len(spans) > 0 && e.unknown(begin, p.end.To)
	i.unseen = e.unknown(begin, until)
	return i
}

// covering is the place of the span in which the process ended, or else of the last one
// before its end in which requests may have come to it; -1 if there is none. A span that
// the end of the process before it has ended is that one's.
func (e *endpoints) covering(p process) int {
	place := -1
	for i, span := range e.spans[p.uid] {
		if span.from.After(p.end.To) {
			break
		}
		if span.from.Before(p.left) || span.over(p.started.Add(-looseProxyLag)) {
			continue
		}
		place = i
		if !span.over(p.end.From.Add(-clockSlack)) {
			break
		}
	}
	return place
}

// over tells whether the span was over by then.
func (s readySpan) over(when time.Time) bool { return !s.to.IsZero() && s.to.Before(when) }

// unknown tells whether the slices may have changed unseen at some time between.
func (e *endpoints) unknown(from, to time.Time) bool {
	return !e.seen || slices.ContainsFunc(e.gaps, func(gap report.Interval) bool {
		return !gap.To.Before(from) && !gap.From.After(to)
	})
}
