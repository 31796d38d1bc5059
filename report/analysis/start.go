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
	young []*podLife
	// unseen are those of them that no probe had seen to answer, unanswering the
	// times in which they may not have been able to.
	unseen      []*podLife
	unanswering reaches
	// chance is how long a pod that does answer may be missed by all fresh
	// requests once in a thousand.
	chance time.Duration
	// podsNamed tells whether answers name their pods.
	podsNamed bool
}

// newStarts reads the pods' first answers; freshRate is in requests per second
// on connections of their own, over all streams.
func newStarts(pods *podIndex, freshRate float64, endpoints int, podsNamed bool) *starts {
	s := &starts{chance: time.Hour, podsNamed: podsNamed}
	if freshRate > 0 {
		missed := math.Log(rotationDoubt) / math.Log(1-1/float64(endpoints+1))
		s.chance = time.Duration(missed / freshRate * float64(time.Second))
	}
	for _, life := range pods.all {
		if life.young && life.entered.Known() {
			s.young = append(s.young, life)
			if !life.probed {
				s.unseen = append(s.unseen, life)
			}
		}
	}
	s.unanswering = newReaches(len(s.unseen), func(i int) (from, to time.Time) {
		return s.unseen[i].entered.From.Add(-clockSlack), s.answersBy(s.unseen[i])
	})
	return s
}

// answersBy is from when on a pod's start explains nothing.
func (s *starts) answersBy(life *podLife) time.Time {
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

// endless is later than all that is recorded.
var endless = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// unansweringAt gives the pods that may not have been able to answer then.
func (s *starts) unansweringAt(when time.Time) []*podLife {
	first, end := s.unanswering.touching(when, when)
	return s.unseen[first:end]
}

// slowProxyLag is what a kube-proxy took on a machine with more work than
// processors (2.1 s were seen), where proxyLag is what its own timer explains.
const slowProxyLag = 2500 * time.Millisecond

// late tells whether the traffic shows that the pod could not answer yet when
// it was called ready: its first answer came later than the proxies and chance
// explain. Where a probe had seen it answer, the proxies were late.
func (s *starts) late(life *podLife) bool {
	return !life.probed && !life.served.IsZero() && life.served.Sub(life.entered.To) > slowProxyLag+s.chance
}

// lateAt tells whether some new pod could not answer yet at that time.
func (s *starts) lateAt(sent time.Time) bool {
	return slices.ContainsFunc(s.unansweringAt(sent), func(life *podLife) bool {
		return s.late(life) && !sent.Before(life.entered.From) && sent.Before(life.served)
	})
}

// explains tells how well a pod's start fits a request that got no answer.
func (s *starts) explains(f *failure, life *podLife) strength {
	sent := f.SentAt()
	switch {
	case sent.Before(life.entered.From.Add(-clockSlack)):
		return 0
	case !life.served.IsZero() && !sent.Before(life.served):
		return 0
	case life.served.IsZero() && !s.podsNamed && sent.After(life.entered.To.Add(looseProxyLag)):
		// Its first answer is not known.
		return 0
	case life.served.IsZero() && len(life.ends) > 0 && sent.After(life.ends[0].begin()):
		return 0
	}
	switch symptomOf(f) {
	case shutOut:
	case hung, cutShort:
		if !f.Fresh() || answering(f) {
			return 0
		}
	case wrongAnswer:
		if f.Pod != "" || f.Status < 500 {
			return 0
		}
	default:
		return 0
	}
	switch {
	case life.probed:
		// The probe has seen it answer.
		return 0
	case s.late(life):
		return closeFit
	default:
		return looseFit
	}
}

// of gives the pods whose start explains the failure best, and how well.
func (s *starts) of(f *failure) (best strength, lives []*podLife) {
	for _, life := range s.unansweringAt(f.SentAt()) {
		fits := s.explains(f, life)
		switch {
		case fits == 0 || fits < best:
			continue
		case fits > best:
			lives = nil
		}
		best = fits
		lives = append(lives, life)
	}
	return best, lives
}

// named tells whether the failure is an error by which a pod that it names
// answered before its first real answer.
func (s *starts) named(f *failure, life *podLife) bool {
	return f.Pod == life.name && f.Status >= 500 && slices.Contains(s.young, life) &&
		(life.served.IsZero() || f.EndAt().Before(life.served))
}
