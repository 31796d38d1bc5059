package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A server, or what stands in front of it, closes a kept connection that nobody has used for
// a time of its own, whether a pod ends or not (nodejs.org/api/http.html,
// server.keepAliveTimeout), and a request that is on its way on it just then is lost. Where a
// stream has met that outside of any end, what it has met as a pod ended is laid to that end
// only if it is more than as much of the pods' time costs anyhow.

// beyondChance is the confidence with which more than chance has to be shown.
const beyondChance = 0.95

// unprompted takes back the explanations of what chance explains as well. A program lets go of
// its connections as it is told to stop and as it exits; what is lost so at other times of its
// end is compared by itself.
func (s *explainer) unprompted(failures []*explained) []*explained {
	without := map[string]int{}
	for _, f := range failures {
		if f.closedWithoutAnEnd() {
			without[f.Stream]++
		}
	}
	if len(without) == 0 {
		return failures
	}
	for _, times := range []func(*termination) []report.Interval{(*termination).lettingGoOf, (*termination).drainOf} {
		byStream := map[string][]int{}
		for i, f := range failures {
			if f.closedByAnEnd() && f.endedIn(times) {
				byStream[f.Stream] = append(byStream[f.Stream], i)
			}
		}
		share := s.shareOf(times)
		for stream, at := range byStream {
			n := without[stream]
			// Where ends take up half of the time, how often tells nothing.
			if n == 0 || share >= 0.5 || binomial.AtMost(n, n+len(at), beyondChance) < 1-share {
				continue
			}
			for _, i := range at {
				f := failures[i]
				failures[i] = &explained{examined: f.examined, cause: report.Unknown, others: f.others, another: f.another}
			}
		}
	}
	return failures
}

// endedIn tells whether the request ended in one of these times of a pod that explains it.
func (f *explained) endedIn(times func(*termination) []report.Interval) bool {
	return slices.ContainsFunc(f.suspects, func(t *suspect) bool {
		return slices.ContainsFunc(times(t.termination), func(i report.Interval) bool { return within(f.EndAt(), i, clockSlack) })
	})
}

// closedByAnEnd tells of a request whose kept connection was closed as it came that a pod is
// held to have let go of it as it ended.
func (f *explained) closedByAnEnd() bool {
	return f.endedKept() && f.cause == report.KeepaliveCut && f.manner == closedWhileKept
}

// closedWithoutAnEnd tells of one that no pod's end explains, be it another workload's.
func (f *explained) closedWithoutAnEnd() bool {
	return f.endedKept() && f.cause == report.Unknown && len(f.others) == 0 && !f.another
}

// endedKept tells of a request whose kept connection ended before anything of an answer came,
// be it that a busy machine learns late that it was closed.
func (f *explained) endedKept() bool {
	return !f.Fresh() && !f.answering() && !f.unprocessed() && (f.symptom == cutOnReuse || f.symptom == cutShort)
}

// lettingGoOf are the times at which a pod lets go of what it has: as it is told to stop, and as
// it exits.
func (t *termination) lettingGoOf() []report.Interval {
	told := report.Interval{From: t.signalFrom(), To: later(t.signalFrom(), t.Sigterm.To).Add(atOnce)}
	return []report.Interval{told, {From: later(told.To, t.exit().From), To: later(told.To, t.exit().To)}}
}

// drainOf is the time between these.
func (t *termination) drainOf() []report.Interval {
	at := t.lettingGoOf()
	return []report.Interval{{From: at[0].To, To: at[1].From}}
}

// shareOf is the share of the pods' time, or of all time where answers name no pod, that these
// times of all ends take up.
func (s *explainer) shareOf(times func(*termination) []report.Interval) float64 {
	whole := s.traffic.last.Sub(s.traffic.first)
	if s.traffic.podsNamed {
		whole *= time.Duration(s.endpoints.most)
	}
	var sum time.Duration
	for _, t := range s.suspects {
		for _, i := range times(t.termination) {
			sum += max(0, earlier(i.To, s.traffic.last).Sub(later(i.From, s.traffic.first))) + 2*clockSlack
		}
	}
	if whole <= 0 {
		return 1
	}
	return min(1, sum.Seconds()/whole.Seconds())
}
