package analysis

import (
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// warmEnough is how many errors of a new pod show that it answered with such until it was
// warm: where errors come at random, five of five do not fall into the first third of a
// time but once in 243.
const warmEnough = 5

// findWarming finds the new pods that answered with errors for some time after they had been
// called ready, beside other answers, and with none for twice as long after that, and until
// when each did.
func (s *explainer) findWarming(failures []examined) {
	told := map[*life]int{}
	s.warmed = map[*life]time.Time{}
	for i := range failures {
		if f := &failures[i]; f.ownError() && slices.Contains(s.traffic.starts.young, f.life) {
			told[f.life]++
			s.warmed[f.life] = later(s.warmed[f.life], f.EndAt())
		}
	}
	for life, until := range s.warmed {
		if cold := until.Sub(life.entered.From); told[life] < warmEnough || !life.entered.Known() || life.last.Sub(until) < 2*cold {
			delete(s.warmed, life)
		}
	}
}

// warming tells whether the failure is one of those errors.
func (s *explainer) warming(f *examined) bool {
	until, found := s.warmed[f.life]
	return found && f.ownError() && !f.EndAt().After(until)
}

// warmedUnnamed gives the failures, with those explained that nothing else explains, where
// answers name no pod, by a new pod that warmed up: errors, and requests that hung, came
// when it alone was new, were no more than go to one pod of those that were ready, and
// ceased for twice as long after that. A fault of the whole service, or of what it needs,
// strikes all pods, and does not wait for a new one: nothing is claimed where such failures
// come at other times as well, or are too many.
func (s *explainer) warmedUnnamed(failures []*explained) []*explained {
	if s.traffic.podsNamed || s.starved {
		return failures
	}
	groups := map[*life][]*explained{}
	for _, f := range failures {
		if !s.mayBeCold(f) {
			continue
		}
		newest := s.newestAt(f.SentAt())
		if newest == nil {
			return failures
		}
		groups[newest] = append(groups[newest], f)
	}
	fits := map[*life]strength{}
	for life, group := range groups {
		strength, others := s.warmedAlone(life, group)
		if others {
			return failures
		}
		fits[life] = strength
	}
	for cold, group := range groups {
		for _, f := range group {
			fit := f.atMost(fits[cold])
			if fit == 0 {
				continue
			}
			f.cause, f.confidence, f.starting, f.warming = causeOf(loss{manner: tooEarly}), report.Possible, []*life{cold}, true
			if fit == closeFit && len(f.others) == 0 {
				f.confidence = report.Likely
			}
		}
	}
	return failures
}

// mayBeCold tells of a failure without an explanation that a pod which is not warm yet may
// have answered it with an error, or too late.
func (s *explainer) mayBeCold(f *explained) bool {
	late := f.symptom == hung && f.Phase == recording.PhaseFirstByte
	return f.cause == report.Unknown && f.life == nil && (late || f.symptom == wrongAnswer && f.serverError()) && !s.traffic.ofOwnMaking(f.failure)
}

// newestAt is the new pod that had last been called ready by then; nil if none had.
func (s *explainer) newestAt(when time.Time) *life {
	var newest *life
	for _, life := range s.traffic.starts.young {
		if !life.entered.From.Add(-clockSlack).After(when) && (newest == nil || life.entered.From.After(newest.entered.From)) {
			newest = life
		}
	}
	return newest
}

// warmedAlone tells how well it fits that the failures are those of the new pod, or that
// they are others': too many for one pod, or not over when it had long been ready. As many
// as half of the requests on new connections that go to one pod fit closely. Nothing is told
// where another pod was new as well, or it ended, before it showed whether they were over.
func (s *explainer) warmedAlone(life *life, failures []*explained) (fits strength, others bool) {
	until := life.entered.From
	for _, f := range failures {
		until = later(until, f.SentAt())
	}
	cold := until.Sub(life.entered.From)
	expected := s.traffic.rate() * cold.Seconds() / float64(max(1, s.endpoints.readyAt(until)))
	quiet := until.Add(2 * cold)
	disturbed := slices.ContainsFunc(life.ends, func(t *termination) bool { return t.begin().Before(quiet) })
	for _, other := range s.traffic.starts.young {
		apart := other.entered.From.Sub(life.entered.From).Abs()
		disturbed = disturbed || other != life && (apart <= 2*cold || other.entered.From.After(until) && other.entered.From.Before(quiet))
	}
	switch {
	case float64(len(failures)) > expected+3*math.Sqrt(expected):
		return 0, true
	case disturbed:
		return 0, false
	case s.traffic.last.Before(quiet):
		return 0, true
	case len(failures) < warmEnough:
		return 0, false
	case s.traffic.starts.freshRate > 0 && s.traffic.starts.asManyAsOnePods(len(failures), cold):
		return closeFit, false
	default:
		return looseFit, false
	}
}
