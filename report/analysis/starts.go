package analysis

import (
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A pod that is called ready before it can answer turns requests away, or
// answers them with errors, until its first real answer.

// starts holds what the traffic shows about the pods that came during the run.
type starts struct {
	young []*life
	// turnedAway are the requests that reached no pod on a connection of their own, in
	// the order in which they were sent, but for those that a pod which had gone, or was
	// told to stop, may have lost; freshRate and share are how many fresh ones come in a second, and the
	// part of them that one pod gets at the least.
	turnedAway       []refusal
	freshRate, share float64
	// gone are the times, apart and in their order, in which proxies may have sent
	// requests to a pod that had gone.
	gone []report.Interval
	// tooSoon are the young that could not answer yet when they were called ready.
	tooSoon map[*life]bool
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

// refusal is a request that reached no pod: whether that was at its dial.
type refusal struct {
	sent   time.Time
	atDial bool
}

// newStarts reads the pods' first answers; freshRate is in requests per second
// on connections of their own, over all streams.
func newStarts(lives []*life, terminations []*termination, failures []*failure, freshRate float64, endpoints int, podsNamed bool) *starts {
	s := &starts{
		chance: time.Hour, podsNamed: podsNamed, freshRate: freshRate, share: 1 / float64(endpoints+1),
		gone: timesGone(terminations), tooSoon: map[*life]bool{},
	}
	stops := newSpanIndex(len(terminations), func(i int) (from, to time.Time) { return terminations[i].stops() })
	for _, f := range failures {
		sent, end := f.DialledAt(), f.EndAt()
		if !f.Fresh() || f.FirstByte != recording.NotReached || s.goneAt(sent) {
			continue
		}
		first, last := stops.touching(end, end)
		if !f.letGo() || !slices.ContainsFunc(terminations[first:last], func(t *termination) bool {
			from, to := t.stops()
			return !end.Before(from) && !end.After(to)
		}) {
			s.turnedAway = append(s.turnedAway, refusal{sent, f.Phase == recording.PhaseDial})
		}
	}
	slices.SortFunc(s.turnedAway, func(a, b refusal) int { return a.sent.Compare(b.sent) })
	if freshRate > 0 {
		missed := math.Log(rotationDoubt) / math.Log(1-1/float64(endpoints+1))
		s.chance = time.Duration(missed / freshRate * float64(time.Second))
	}
	for _, life := range lives {
		if life.young && life.entered.Known() {
			s.young = append(s.young, life)
			s.tooSoon[life] = s.late(life)
			if !life.probed || s.tooSoon[life] {
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
// or more reached no pod as went to it, if it was in rotation. A rollout ends an old pod
// as soon as a new one is Ready: what comes while proxies may still send to one that has
// gone shows nothing of the new one, and the rest of the time has to be long enough to
// tell. A port that a probe has connected to refuses nothing.
func (s *starts) turnsAway(life *life) bool {
	from, to := life.entered.To, life.served
	apart := to.Sub(from)
	for _, gone := range s.gone {
		apart -= max(0, earlier(to, gone.To).Sub(later(from, gone.From)))
	}
	if apart < s.chance {
		return false
	}
	bySent := func(r refusal, when time.Time) int { return r.sent.Compare(when) }
	first, _ := slices.BinarySearchFunc(s.turnedAway, from, bySent)
	end, _ := slices.BinarySearchFunc(s.turnedAway, to, bySent)
	lost := countFunc(s.turnedAway[first:end], func(r refusal) bool { return !r.atDial || !life.listened })
	return 2*float64(lost) >= s.freshRate*apart.Seconds()*s.share
}

// stops is from when to when a pod may cut what it has because it is told to stop.
func (t *termination) stops() (from, to time.Time) {
	return t.signalFrom().Add(-clockSlack), t.exit().To.Add(clockSlack)
}

// letGo tells of a request that some pod had for longer than any refusal takes, and then
// cut. One that was told to stop just then is more likely to have done so than one that
// begins.
func (f *failure) letGo() bool {
	return f.Phase == recording.PhaseFirstByte && f.Class != recording.ClassTimeout && f.wasHeld()
}

// timesGone are the times in which proxies may have sent requests to a pod that had
// gone, those that touch taken together.
func timesGone(terminations []*termination) []report.Interval {
	var all []report.Interval
	for _, t := range terminations {
		exit, left := t.exit(), t.LeftSlice
		if t.Container != "" {
			all = append(all, report.Interval{From: exit.From, To: t.over()})
			continue
		}
		if !left.Known() {
			left = exit
		}
		if to := left.To.Add(looseProxyLag); to.After(exit.From) {
			all = append(all, report.Interval{From: exit.From, To: to})
		}
	}
	slices.SortFunc(all, func(a, b report.Interval) int { return a.From.Compare(b.From) })
	var apart []report.Interval
	for _, one := range all {
		if last := len(apart) - 1; last >= 0 && !one.From.After(apart[last].To) {
			apart[last].To = later(apart[last].To, one.To)
			continue
		}
		apart = append(apart, one)
	}
	return apart
}

// goneAt tells whether proxies may have sent a request of that time to a pod that had
// gone.
func (s *starts) goneAt(sent time.Time) bool {
	next, _ := slices.BinarySearchFunc(s.gone, sent, func(i report.Interval, when time.Time) int { return i.To.Compare(when) })
	return next < len(s.gone) && !sent.Before(s.gone[next].From)
}

// lateAt tells whether some new pod could not answer yet at that time.
func (s *starts) lateAt(sent time.Time) bool {
	return slices.ContainsFunc(s.unansweringAt(sent), func(life *life) bool {
		return s.tooSoon[life] && !sent.Before(life.entered.From) && sent.Before(life.served)
	})
}
