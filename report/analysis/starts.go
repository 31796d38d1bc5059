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
	// opened is until when the port of those of them was closed that no answer names.
	opened map[*life]time.Time
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
// on connections of their own, over all streams; direct tells that these are known to
// lead to the service of the pods, with nothing of another workload in front.
func newStarts(t *traffic, freshRate float64, endpoints *endpoints, direct bool) *starts {
	terminations, failures := t.terminations, t.failures
	s := &starts{
		chance: time.Hour, podsNamed: t.podsNamed, freshRate: freshRate, share: 1 / float64(endpoints.most+1),
		gone:    timesOf(terminations, func(t *termination) time.Time { return t.exit().From }),
		tooSoon: map[*life]bool{}, opened: map[*life]time.Time{},
	}
	stops := newSpanIndex(len(terminations), func(i int) (from, to time.Time) { return terminations[i].stops() })
	for _, f := range failures {
		sent, end := f.DialledAt(), f.EndAt()
		if !f.Fresh() || f.FirstByte != recording.NotReached || covered(s.gone, sent) {
			continue
		}
		first, last := stops.touching(end, end)
		if !f.letGo() || !slices.ContainsFunc(terminations[first:last], func(t *termination) bool {
			from, to := t.stops()
			return !t.OutOfService && !end.Before(from) && !end.After(to)
		}) {
			s.turnedAway = append(s.turnedAway, refusal{sent, f.Phase == recording.PhaseDial})
		}
	}
	slices.SortFunc(s.turnedAway, func(a, b refusal) int { return a.sent.Compare(b.sent) })
	if freshRate > 0 {
		missed := math.Log(rotationDoubt) / math.Log(1-s.share)
		s.chance = time.Duration(missed / freshRate * float64(time.Second))
	}
	for _, life := range t.lives {
		if life.young && life.entered.Known() {
			s.young = append(s.young, life)
			s.tooSoon[life] = s.late(life)
		}
	}
	if direct && !t.podsNamed {
		s.findOpened(terminations, failures, t.frontends, endpoints, t.last)
	}
	for _, life := range s.young {
		if !life.probed || s.tooSoon[life] {
			s.unseen = append(s.unseen, life)
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
		by = later(life.entered.To.Add(looseProxyLag), s.opened[life].Add(1)) // its first answer is not known
	}
	if first := slices.IndexFunc(life.ends, func(t *termination) bool { return !t.OutOfService }); first >= 0 {
		by = earlier(by, life.ends[first].begin())
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
	alone := apartFrom(from, to, s.gone)
	if alone < s.chance {
		return false
	}
	bySent := func(r refusal, when time.Time) int { return r.sent.Compare(when) }
	first, _ := slices.BinarySearchFunc(s.turnedAway, from, bySent)
	end, _ := slices.BinarySearchFunc(s.turnedAway, to, bySent)
	lost := countFunc(s.turnedAway[first:end], func(r refusal) bool { return !r.atDial || !life.listened })
	return s.asManyAsOnePods(lost, alone)
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

// timesOf are the times in which proxies may have sent requests to an old pod after the
// moment that from gives, those that touch taken together.
func timesOf(terminations []*termination, from func(*termination) time.Time) []report.Interval {
	var all []report.Interval
	for _, t := range terminations {
		left := t.LeftSlice
		if t.Container != "" {
			all = append(all, t.away(from(t))...)
			continue
		}
		if !left.Known() {
			left = t.exit()
		}
		if to := left.To.Add(looseProxyLag); to.After(from(t)) {
			all = append(all, report.Interval{From: from(t), To: to})
		}
	}
	return together(all)
}

// covered tells whether a moment lies in one of the times.
func covered(times []report.Interval, when time.Time) bool {
	next, _ := slices.BinarySearchFunc(times, when, func(i report.Interval, when time.Time) int { return i.To.Compare(when) })
	return next < len(times) && !when.Before(times[next].From)
}

// apartFrom is how long it is from one moment to another without these times.
func apartFrom(from, to time.Time, times []report.Interval) time.Duration {
	alone := to.Sub(from)
	for _, one := range times {
		alone -= max(0, earlier(to, one.To).Sub(later(from, one.From)))
	}
	return alone
}

// lateAt tells whether some new pod could not answer yet at that time.
func (s *starts) lateAt(sent time.Time) bool {
	return slices.ContainsFunc(s.unansweringAt(sent), func(life *life) bool {
		return s.tooSoon[life] && !sent.Before(life.entered.From) && sent.Before(later(life.served, s.opened[life].Add(1)))
	})
}
