package analysis

import (
	"fmt"
	"math"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// endsConfidence is that of what ends prove of others.
const endsConfidence = 0.95

// countEnds counts the ends that were put to the test and those of them that lost a
// request; nil where nothing ended.
//
// An end counts if traffic could have lost something in it: the pod was in service (a
// slice had called it ready; a container's pod was in rotation), and a stream had power
// over it (tested). One that may have lost a request was put to the test by that.
//
// Lossy is the most that there may be, for the bound is to hold in any case: each end that
// attribution suspects of a failure, with whatever confidence, and one more for each failure
// that no end and no new pod explains, examined or not. LossyAtLeast is the fewest: see
// certainlyLossy. What a new pod lost before it served is no end's.
func countEnds(ended []*account, failures []*explained, streams []*streamTally, power map[string]report.Duration, sure func(*explained) bool) *report.Ends {
	if len(ended) == 0 {
		return nil
	}
	e := &report.Ends{Confidence: endsConfidence}
	lossy, unknown := map[int]bool{}, 0
	for _, s := range streams {
		unknown += s.unexamined
	}
	for _, f := range failures {
		for _, s := range f.suspects {
			lossy[s.number] = true
		}
		if len(f.suspects) == 0 && len(f.starting) == 0 {
			unknown++
		}
	}
	e.Seen = countFunc(ended, func(a *account) bool { return lossy[a.number] || a.wasReady && a.tested(streams, power) })
	e.InService = countFunc(ended, func(a *account) bool { return lossy[a.number] || a.wasReady })
	e.Lossy = min(e.Seen, len(lossy)+unknown)
	e.LossyAtLeast = certainlyLossy(failures, sure)
	// Rounded up: the bound holds, and is the same on all processors.
	e.AtMost = math.Ceil(1e4*binomial.AtMost(e.Lossy, e.Seen, e.Confidence)) / 1e4
	return e
}

// tested tells whether a stream had requests that a fault at the pod's end would have
// failed: answers of the pod's own shortly before (coverageReach), long requests under way
// in it, or, where answers do not name their pods, a rate that leaves a pod without a
// request for that long in one case of a hundred at the most (smallestOutageSeen). Of requests
// that are short one has to go out while it ends as well, and the load has to go on until that
// is over: before and after it they meet another pod, or this one as it always was.
func (a *account) tested(streams []*streamTally, power map[string]report.Duration) bool {
	return slices.ContainsFunc(streams, func(s *streamTally) bool {
		switch {
		case s.podsNamed && s.kind.Long():
			return a.metLong(s)
		case !a.sentDuring(s, streams):
			return false
		case !s.podsNamed:
			shortest := power[s.Name]
			return shortest > 0 && shortest <= report.Duration(coverageReach)
		default:
			return a.covered[s.Name]
		}
	})
}

// sentDuring tells whether a request of the stream was sent while the end could fail one: from
// its beginning until the container has exited and the proxies have forgotten the pod. Where
// the load was over before the one and before the slices had dropped it, nobody knows what
// would have become of the rest.
func (a *account) sentDuring(s *streamTally, streams []*streamTally) bool {
	exit := a.exit()
	least, most := exit.From, exit.To
	if a.LeftSlice.Known() && a.Container == "" {
		least, most = later(least, a.LeftSlice.From), later(most, a.LeftSlice.To)
	}
	wentOn := slices.ContainsFunc(streams, func(s *streamTally) bool { return !s.sends.last.Before(least) })
	return wentOn && s.sends.during(a.begin(), most.Add(proxyLag))
}

// certainlyLossy is the fewest ends that failures can come from: of those that are sure, and
// of each of which one of its suspects must have lost it. As many of them as have no
// suspect in common have as many ends.
func certainlyLossy(failures []*explained, sure func(*explained) bool) int {
	var sets [][]int
	for _, f := range failures {
		if len(f.suspects) == 0 || len(f.starting) > 0 || !sure(f) {
			continue
		}
		set := make([]int, 0, len(f.suspects))
		for _, s := range f.suspects {
			set = append(set, s.number)
		}
		sets = append(sets, set)
	}
	slices.SortStableFunc(sets, func(a, b []int) int { return len(a) - len(b) })
	taken, apart := map[int]bool{}, 0
	for _, set := range sets {
		if slices.ContainsFunc(set, func(n int) bool { return taken[n] }) {
			continue
		}
		apart++
		for _, n := range set {
			taken[n] = true
		}
	}
	return apart
}

// claimed are the ends with what the run may claim of others: nothing where it is
// inconclusive, or failed with doubts, as losses may have gone unseen then. A run that ends
// when it has proven something claims no more than that: the bound is that of a number of
// ends which does not depend on them.
func claimed(e *report.Ends, verdict report.Verdict, doubts []string, proof *shareProof) *report.Ends {
	switch {
	case e == nil:
	case verdict == report.Inconclusive || len(doubts) > 0:
		e.AtMost = 1
	case proof.is(report.Proven):
		e.AtMost, e.Confidence = proof.LossyEnds, proof.Confidence
	case proof != nil:
		e.AtMost = 1
	}
	return e
}

// unmetDoubts tells of a run in which no end met a request: it shows nothing of the ends then.
func unmetDoubts(e *report.Ends) []string {
	if e == nil || e.Seen > 0 {
		return nil
	}
	return []string{"no end is known to have met requests: the run does not show what an end loses"}
}

// mayLose says in a pass with so many ends how many may lose requests all the same.
func mayLose(e *report.Ends, ended int) string {
	such := "of ends such as these"
	if e.Seen != ended {
		such = fmt.Sprintf("of ends such as the %d that met requests", e.Seen)
	}
	still := "could still lose"
	if e.Lossy > 0 {
		still = "could lose"
	}
	return fmt.Sprintf("%s up to %s %s a request (%s confidence, if each end is a draw of its own)",
		such, report.Percent(e.AtMost), still, report.Percent(e.Confidence))
}
