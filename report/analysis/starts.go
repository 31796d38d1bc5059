package analysis

import (
	"math"
	"slices"
	"time"
)

// A pod that is called ready before it can answer turns requests away, or
// answers them with errors, until its first real answer.

// starts holds what the traffic shows about the pods that came during the run.
type starts struct {
	young []*life
	// unseen are those of them that no probe had seen to answer, unanswering the
	// times in which they may not have been able to.
	unseen      []*life
	unanswering spanIndex
	// chance is how long a pod that does answer may be missed by all fresh
	// requests once in a thousand.
	chance time.Duration
	// podsNamed tells whether answers name their pods.
	podsNamed bool
}

// newStarts reads the pods' first answers; freshRate is in requests per second
// on connections of their own, over all streams.
func newStarts(lives []*life, freshRate float64, endpoints int, podsNamed bool) *starts {
	s := &starts{chance: time.Hour, podsNamed: podsNamed}
	if freshRate > 0 {
		missed := math.Log(rotationDoubt) / math.Log(1-1/float64(endpoints+1))
		s.chance = time.Duration(missed / freshRate * float64(time.Second))
	}
	for _, life := range lives {
		if life.young && life.entered.Known() {
			s.young = append(s.young, life)
			if !life.probed {
				s.unseen = append(s.unseen, life)
			}
		}
	}
	s.unanswering = newSpanIndex(len(s.unseen), func(i int) (from, to time.Time) {
		return s.unseen[i].entered.From.Add(-clockSlack), s.answersBy(s.unseen[i])
	})
	return s
}

// answersBy is from when on a pod's start explains nothing.
func (s *starts) answersBy(life *life) time.Time {
	switch {
	case !life.served.IsZero():
		return life.served
	case !s.podsNamed:
		return life.entered.To.Add(looseProxyLag)
	case len(life.ends) > 0:
		return life.ends[0].begin()
	default:
		return endless
	}
}

// unansweringAt gives the pods that may not have been able to answer then.
func (s *starts) unansweringAt(when time.Time) []*life {
	first, end := s.unanswering.touching(when, when)
	return s.unseen[first:end]
}

// slowProxyLag is what a kube-proxy took on a machine with more work than
// processors (2.1 s were seen), where proxyLag is what its own timer explains.
const slowProxyLag = 2500 * time.Millisecond

// late tells whether the traffic shows that the pod could not answer yet when
// it was called ready: its first answer came later than the proxies and chance
// explain. Where a probe had seen it answer, the proxies were late.
func (s *starts) late(life *life) bool {
	return !life.probed && !life.served.IsZero() && life.served.Sub(life.entered.To) > slowProxyLag+s.chance
}

// lateAt tells whether some new pod could not answer yet at that time.
func (s *starts) lateAt(sent time.Time) bool {
	return slices.ContainsFunc(s.unansweringAt(sent), func(life *life) bool {
		return s.late(life) && !sent.Before(life.entered.From) && sent.Before(life.served)
	})
}
