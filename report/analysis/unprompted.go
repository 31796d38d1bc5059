package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A server, or what stands in front of it, closes a kept connection that nobody has used for
// a time of its own, whether a pod ends or not (nodejs.org/api/http.html,
// server.keepAliveTimeout), and a request that is on its way on it just then is lost. Where a
// stream has met that outside of any end, what it has met while a pod let go of its
// connections is laid to that end only if it is more than as much of the pods' time costs
// anyhow.

// beyondChance is the confidence with which more than chance has to be shown.
const beyondChance = 0.95

// unprompted takes back the explanations of what chance explains as well.
func (s *explainer) unprompted(failures []*explained) []*explained {
	letting, closed := map[string]int{}, map[string]int{}
	for _, f := range failures {
		switch {
		case f.closedByAnEnd():
			letting[f.Stream]++
		case f.closedWithoutAnEnd():
			closed[f.Stream]++
		}
	}
	share := s.lettingShare()
	for i, f := range failures {
		without := closed[f.Stream]
		if f.closedByAnEnd() && without > 0 && binomial.AtMost(without, without+letting[f.Stream], beyondChance) >= 1-share {
			failures[i] = &explained{examined: f.examined, cause: report.Unknown, others: f.others, another: f.another}
		}
	}
	return failures
}

// closedByAnEnd tells of a request whose kept connection was closed as it came that a pod is
// held to have let go of it as it ended.
func (f *explained) closedByAnEnd() bool {
	return f.symptom == cutOnReuse && f.manner == closedWhileKept && !f.unprocessed()
}

// closedWithoutAnEnd tells of one that no pod's end explains.
func (f *explained) closedWithoutAnEnd() bool {
	return f.symptom == cutOnReuse && f.cause == report.Unknown && !f.unprocessed()
}

// lettingShare is the share of the pods' time, or of all time where answers name no pod, in
// which pods may have let go of their connections as they ended.
func (s *explainer) lettingShare() float64 {
	whole := s.traffic.last.Sub(s.traffic.first)
	if s.traffic.podsNamed {
		whole *= time.Duration(s.endpoints.most)
	}
	var letting time.Duration
	for _, t := range s.suspects {
		from, to := later(t.signalFrom(), s.traffic.first), earlier(t.exit().To, s.traffic.last)
		letting += max(0, to.Sub(from)) + 2*clockSlack
	}
	if whole <= 0 {
		return 1
	}
	return min(1, letting.Seconds()/whole.Seconds())
}
