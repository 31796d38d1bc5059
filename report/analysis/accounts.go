package analysis

import (
	"maps"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// account is a termination with what the failures that it explains show of it.
type account struct {
	*termination
	firstRefused report.Interval
	// holderGone tells that another container, which held its connections, had ended by then.
	holderGone bool
	// refused are the requests that it turned away, by their sender.
	refused  map[int]*report.Refused
	covered  map[string]bool
	underWay underWay
	// cutAlive tells that it certainly let go of a request and lived on.
	cutAlive bool
	// servedOn tells that what it lost shows that it had gone on serving kept connections
	// until it was killed.
	servedOn bool
	// lastCut is when its end may have cut the last request; zero if it cut none.
	lastCut time.Time
	// exitCost tells that its exit may have cost a request.
	exitCost bool
}

// accounts gives those of the terminations, in their order.
func accounts(t *traffic, failures []*explained) []*account {
	all := make([]*account, len(t.terminations))
	endings := make([]*ending, len(t.terminations))
	for i, t := range t.terminations {
		all[i] = &account{termination: t, covered: maps.Clone(t.covered), underWay: t.underWay.clone()}
		endings[i] = &t.ending
	}
	onsets := newOnsets(endings)
	for _, f := range failures {
		for _, s := range f.suspects {
			if f.symptom == cutShort && f.follows == nil {
				all[s.number].lastCut = later(all[s.number].lastCut, f.EndAt())
			}
			all[s.number].exitCost = all[s.number].exitCost || within(f.EndAt(), s.exit(), clockSlack)
		}
		uid := ""
		if len(f.suspects) == 1 && len(f.starting) == 0 {
			all[f.suspects[0].number].lost(f)
			uid = f.suspects[0].UID
		}
		if f.life != nil {
			uid = f.life.uid
		}
		from, to, ok := longPart(t.stream(f.Stream).kind, &f.Sample)
		if !ok {
			continue
		}
		for _, e := range onsets.during(from, to) {
			all[e.number].underWay.add(f.Stream, e.UID == uid)
		}
		for _, s := range f.suspects {
			if f.symptom == cutShort && to.Before(s.begunBy()) {
				// What an end has cut was under way when that began, though the
				// cluster may have told of it only afterwards.
				all[s.number].underWay.add(f.Stream, s.UID == uid)
			}
		}
	}
	return all
}

// lost takes a failure that is tied to the termination alone as evidence of how
// it went.
func (a *account) lost(f *explained) {
	if f.follows != nil {
		return
	}
	if f.confidence == report.Certain {
		if a.covered == nil {
			a.covered = map[string]bool{}
		}
		a.covered[f.Stream] = true
	}
	a.servedOn = a.servedOn || f.suspects[0].servedOn
	a.cutAlive = a.cutAlive || f.symptom == cutShort && f.manner != cutByHolder && a.cutWhileAlive(f.EndAt())
	if f.symptom != shutOut {
		return
	}
	sent := f.DialledAt()
	if !a.firstRefused.Known() || sent.Before(a.firstRefused.From) {
		a.firstRefused = sourced(at(sent), "the first request that was turned away")
		a.holderGone = len(f.suspects[0].doors(f.examined)) > 0
	}
	r := a.refused[f.Sender]
	if r == nil {
		r = &report.Refused{Sender: f.Sender, First: sent, Last: sent}
		if a.refused == nil {
			a.refused = map[int]*report.Refused{}
		}
		a.refused[f.Sender] = r
	}
	r.Requests++
	r.First, r.Last = earlier(r.First, sent), later(r.Last, sent)
}

// podsOf names the pods of those ends that something holds for, each of them once.
func podsOf(ended []*account, holds func(*account) bool) []string {
	var names []string
	named := map[string]bool{}
	for _, t := range ended {
		if !named[t.UID] && holds(t) {
			named[t.UID] = true
			names = append(names, t.Pod)
		}
	}
	return names
}

// baselineFailures are the failures of the undisturbed service that were kept: those
// that ended before it was touched, and those that nothing which was done to it
// explains. A long request may begin in the baseline and be cut by what follows.
func baselineFailures(run *run, failures []*explained) []*explained {
	var failed []*explained
	for _, f := range failures {
		if f.baseline && (!f.cause.Explains() || run.inBaseline(f.EndAt())) {
			failed = append(failed, f)
		}
	}
	return failed
}

// metLong tells whether the end of the pod began while it had a long request of
// the stream. Where answers do not name their pods any request counts: that there
// was none at all can still be told.
func (a *account) metLong(s *streamTally) bool {
	if s.podsNamed {
		return a.underWay.here[s.Name] > 0
	}
	return a.underWay.anywhere[s.Name]
}
