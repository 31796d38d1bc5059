package analysis

import (
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A pod that is called ready before it can answer turns requests away, or
// answers them with errors, until its first real answer.

// starts holds what the traffic shows about the pods that came during the run.
type starts struct {
	young []*life
	// turnedAway is when each request was sent that reached no pod on a connection of
	// its own; freshRate and share are how many of those come in a second, and the part
	// of them that one pod gets at the least.
	turnedAway       []time.Time
	freshRate, share float64
	// unseen are those of the young that no probe had seen to answer, or in vain,
	// unanswering the times in which they may not have been able to.
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
func newStarts(lives []*life, failures []*failure, freshRate float64, endpoints int, podsNamed bool) *starts {
	s := &starts{chance: time.Hour, podsNamed: podsNamed, freshRate: freshRate, share: 1 / float64(endpoints+1)}
	for _, f := range failures {
		if f.Fresh() && f.FirstByte == recording.NotReached {
			s.turnedAway = append(s.turnedAway, f.DialledAt())
		}
	}
	slices.SortFunc(s.turnedAway, time.Time.Compare)
	if freshRate > 0 {
		missed := math.Log(rotationDoubt) / math.Log(1-1/float64(endpoints+1))
		s.chance = time.Duration(missed / freshRate * float64(time.Second))
	}
	for _, life := range lives {
		if life.young && life.entered.Known() {
			s.young = append(s.young, life)
			if !life.probed || s.late(life) {
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
	if !life.served.IsZero() {
		return life.served
	}
	by := endless
	if !s.podsNamed {
		by = life.entered.To.Add(looseProxyLag) // its first answer is not known
	}
	if len(life.ends) > 0 {
		by = earlier(by, life.ends[0].begin())
	}
	return by
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
// explain. A probe that had seen it answer may have asked another port or path than
// requests do: then so many were turned away until its first answer as go to one pod
// that is in rotation. Without those, the proxies had not sent anything to it.
func (s *starts) late(life *life) bool {
	if life.served.IsZero() {
		return false
	}
	silent := life.served.Sub(life.entered.To) - s.chance
	if life.probed {
		return silent > looseProxyLag && s.turnsAway(life)
	}
	return silent > slowProxyLag
}

// turnsAway tells whether of the requests before the pod's first answer half as many
// or more reached no pod as went to it, if it was in rotation.
func (s *starts) turnsAway(life *life) bool {
	first, _ := slices.BinarySearchFunc(s.turnedAway, life.entered.To, time.Time.Compare)
	end, _ := slices.BinarySearchFunc(s.turnedAway, life.served, time.Time.Compare)
	sent := s.freshRate * life.served.Sub(life.entered.To).Seconds()
	return 2*float64(end-first) >= sent*s.share
}

// lateAt tells whether some new pod could not answer yet at that time.
func (s *starts) lateAt(sent time.Time) bool {
	return slices.ContainsFunc(s.unansweringAt(sent), func(life *life) bool {
		return s.late(life) && !sent.Before(life.entered.From) && sent.Before(life.served)
	})
}
