package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// learned is what the run has shown, as far as advice rests on it.
type learned struct {
	*recording.Recording
	run       *run
	senders   []*sender
	traffic   *traffic
	failures  []*explained
	ended     []*account
	endpoints *endpoints
	others    []otherEndpoint
	// starved tells that the run's times are no measure.
	starved bool
}

// withFixes gives the findings, each with what to change; where the run was starved,
// without numbers.
func (l *learned) withFixes(findings []report.Finding) []report.Finding {
	byCause := map[report.Cause][]*explained{}
	for _, f := range l.failures {
		byCause[f.cause] = append(byCause[f.cause], f)
	}
	seen, closed := propagationLag(counted(l.failures)), closedWhileAlive(l.failures)
	plays := l.traffic.playedLag(endsOf(l.failures))
	lag := max(seen, plays)
	all, known := map[report.Cause]*measured{}, map[report.Cause]*measured{}
	for cause, members := range byCause {
		sure := counted(members)
		leftOut := beyond(lag, members)
		m := &measured{
			longest: l.traffic.longest(), longestLost: oldest(sure),
			played: l.traffic.played, lag: lag, ownLag: propagationLag(sure), arrivals: max(arrivalLag(sure), plays),
			cutShortNew: l.someShortNew(sure, inSeconds(sleepFor(lag))-lag),
			lostKept:    slices.ContainsFunc(members, func(f *explained) bool { return !f.Fresh() }),
			afterSlice:  rotationLag(sure), counted: len(sure), leftOut: len(leftOut), leftOutLag: propagationLag(leftOut),
			spoken: spokenBy(l.Header.Check.Streams, members), cuts: cutsOf(members), ends: endsOf(members), starts: startsOf(members),
			workload: l.Header.Workload, starved: l.starved, gateways: gatewaysOf(members), holder: holderOf(members), outlivers: outlivers(members),
			noticed: allNoticed(endsOf(members), closed), unknown: countFunc(members, func(f *explained) bool { return f.Class == recording.ClassNoBackend }), toNone: scalesToNone(&l.Header.Check),
		}
		all[cause] = m
		if m.unknownServer(cause) == "" {
			known[cause] = m
		}
	}
	settle(known)
	fixed := slices.Clone(findings)
	for i := range fixed {
		m, cause := all[fixed[i].Cause], fixed[i].Cause
		fixed[i].Fix, fixed[i].StayedListed = m.fix(cause), m.stayedListed(cause)
	}
	return fixed
}

// unknownServer says of a cause whose fix depends on it that it is not known which container
// takes the requests; empty where that is known, or makes no difference.
func (m *measured) unknownServer(cause report.Cause) string {
	if cause != report.ListenerClosedEarly && cause != report.ErrorsWhileDraining {
		return ""
	}
	return unknownServer(m.ends, &m.workload)
}

// fix is what to change because of a cause: first of all to find out which container
// takes the requests, where a fix for the wrong one may make it worse.
func (m *measured) fix(cause report.Cause) report.Fix {
	if unknown := m.unknownServer(cause); unknown != "" {
		return report.Fix{Text: unknown}
	}
	fix := causeNamed(cause).fix(m)
	if m.stayedListed(cause) {
		fix.Text = unpublish + fix.Text
	}
	if m.hooksFailed() && slices.Contains([]report.Cause{report.NoDrain, report.ListenerClosedEarly, report.ErrorsWhileDraining}, cause) {
		fix.Text = mendHook + fix.Text
	}
	fix.Text += m.grpcWords(cause)
	fix.Text += m.injectedWords(cause)
	if !m.published() || cause != report.ListenerClosedEarly {
		fix.Recipe = recipeFor(cause, m)
	}
	return fix
}

// spokenBy are those of the streams that have a failure.
func spokenBy(streams []check.Stream, failures []*explained) spoken {
	failed := map[string]bool{}
	for _, f := range failures {
		failed[f.Stream] = true
	}
	return spokenIn(slices.DeleteFunc(slices.Clone(streams), func(s check.Stream) bool { return !failed[s.Name] }))
}

// scalesToNone tells whether all that the check does is to ask for no pods. Beside another
// disruption it is not known which of them left nobody ready.
func scalesToNone(c *check.Check) bool {
	return len(c.Disruptions) > 0 && !slices.ContainsFunc(c.Disruptions, func(d check.Disruption) bool { return d.Scale == nil || d.Scale.To != 0 })
}

// stayedListed tells of a cause whose fix has requests stop coming that they did not, as the
// pods were listed until they were gone.
func (m *measured) stayedListed(cause report.Cause) bool {
	return m.published() && slices.Contains(restingOnSleep, cause)
}

// restingOnSleep are the causes whose fix has requests stop coming before the end.
var restingOnSleep = []report.Cause{report.NoDrain, report.ListenerClosedEarly, report.ErrorsWhileDraining, report.GraceTooShort, report.PrestopEatsGrace}

// counted are the failures that numbers rest on. One that came when nobody was ready
// does not show that a proxy still sent to its pod.
func counted(failures []*explained) []*explained {
	return slices.DeleteFunc(slices.Clone(failures), func(f *explained) bool {
		return f.confidence != report.Certain && f.confidence != report.Likely || f.cause == report.NoCapacity
	})
}

// beyond are those that were sent to a pod on a new connection after the lag. As all
// that is counted lies within it, they are not.
func beyond(lag time.Duration, failures []*explained) []*explained {
	return slices.DeleteFunc(slices.Clone(failures), func(f *explained) bool {
		return propagationLag([]*explained{f}) <= lag
	})
}

// someShortNew tells whether some of the failures were on new connections, and are no less
// likely than not to have been requests that take no longer than a time. An exit cuts what is
// under way, and that is a long request more often than such are sent: so the answers of its
// stream count by the time that they took.
func (l *learned) someShortNew(failures []*explained, most time.Duration) bool {
	short := map[string]bool{}
	for _, s := range l.traffic.streams {
		short[s.Name] = 2*timeOfLonger(s.took, most) <= 1
	}
	return slices.ContainsFunc(failures, func(f *explained) bool {
		return f.Fresh() && f.follows == nil && f.age() <= most && short[f.Stream]
	})
}

// cutsOf bounds the moments at which the failures were cut, counted from SIGTERM; nil
// where it is not known of one of them.
func cutsOf(failures []*explained) *report.Span {
	var cuts *report.Span
	for _, f := range failures {
		since, known := sinceSigterm(f)
		switch {
		case !known:
			return nil
		case cuts == nil:
			cuts = &since
		}
		cuts.From, cuts.To = min(cuts.From, since.From), max(cuts.To, since.To)
	}
	return cuts
}

// allNoticed tells whether all are known to have noticed their SIGTERM: by themselves, or
// by another of their ReplicaSet, as they run the same program. closed are those, by
// number, that turned a request away.
func allNoticed(ends []*termination, closed map[int]bool) bool {
	owners := map[string]bool{}
	noticed := func(t *termination) bool { return t.noticed() || closed[t.number] }
	for _, t := range ends {
		if noticed(t) && t.ofReplicaSet() {
			owners[t.Owner] = true
		}
	}
	return !slices.ContainsFunc(ends, func(t *termination) bool { return !noticed(t) && !owners[t.Owner] })
}

// closedWhileAlive are the terminations, by number, that turned a request away after
// SIGTERM and before the exit: they had noticed it.
func closedWhileAlive(failures []*explained) map[int]bool {
	closed := map[int]bool{}
	for _, f := range failures {
		if len(f.suspects) != 1 || f.symptom != shutOut || f.cause != report.ListenerClosedEarly {
			continue
		}
		if t := f.suspects[0]; t.afterSigterm(&f.Sample) && f.EndAt().Before(t.exit().From) && len(t.doors(f.examined)) == 0 {
			closed[t.number] = true
		}
	}
	return closed
}

// endsOf gives the terminations that explain the failures, each once.
func endsOf(failures []*explained) []*termination {
	var ends []*termination
	known := map[int]bool{}
	for _, f := range failures {
		for _, t := range f.suspects {
			if !known[t.number] {
				known[t.number] = true
				ends = append(ends, t.termination)
			}
		}
	}
	return ends
}

// gatewaysOf gives those that answered in the place of another of their containers.
func gatewaysOf(failures []*explained) []*termination {
	var gateways []*termination
	for _, f := range failures {
		for _, t := range f.suspects {
			if t.answersFor && !slices.Contains(gateways, t.termination) {
				gateways = append(gateways, t.termination)
			}
		}
	}
	return gateways
}

// startsOf gives the new pods whose start explains them, each once.
func startsOf(failures []*explained) []*life {
	var starts []*life
	known := map[int]bool{}
	for _, f := range failures {
		for _, l := range f.starting {
			if !known[l.number] {
				known[l.number] = true
				starts = append(starts, l)
			}
		}
	}
	return starts
}

// propagationLag is the longest time from the kubelet's start to a request that
// was still sent to the pod on a new connection.
func propagationLag(failures []*explained) time.Duration {
	return arrivalLag(slices.DeleteFunc(slices.Clone(failures), func(f *explained) bool { return !f.Fresh() }))
}

// arrivalLag is the longest time from the kubelet's start to a request that was
// still sent to the pod. Where several pods may have been meant, it was that
// long at least since the last of them.
func arrivalLag(failures []*explained) time.Duration {
	var lag time.Duration
	for _, f := range failures {
		if f.follows != nil {
			continue // it was not the proxies that sent it there
		}
		var last time.Time
		for _, t := range f.suspects {
			if t.Container != "" {
				continue
			}
			start := t.KubeletStarted
			if !start.Known() {
				start = t.Requested
			}
			last = later(last, start.From)
		}
		if !last.IsZero() {
			lag = max(lag, f.DialledAt().Sub(last))
		}
	}
	return lag
}

// rotationLag is for how long, at the most, a pod was still sent new connections after
// it had left its EndpointSlices. Where several pods may have been meant, it was that
// long at least since the last of them.
func rotationLag(failures []*explained) time.Duration {
	var lag time.Duration
	for _, f := range failures {
		var last time.Time
		for _, t := range f.suspects {
			if !t.LeftSlice.Known() {
				last = f.DialledAt()
			}
			last = later(last, t.LeftSlice.To)
		}
		if f.Fresh() && f.follows == nil && !last.IsZero() {
			lag = max(lag, f.DialledAt().Sub(last))
		}
	}
	return lag
}

// mendHook is what comes before any other change where the hook failed. The kubelet
// starts a hook's command without a shell (core/v1 ExecAction.Command).
const mendHook = "Make the preStop hook run first: it failed (event FailedPreStopHook), so that the stop signal came as soon as that. " +
	"In an image without its program or shell, use preStop.sleep, which needs nothing of the image (Kubernetes 1.30 and later); else correct its command, which is started without a shell unless it names one. "

// hooksFailed tells whether the hook failed at each of the ends.
func (m *measured) hooksFailed() bool {
	return len(m.ends) > 0 && !slices.ContainsFunc(m.ends, func(t *termination) bool { return !t.PreStopFailed.Known() })
}
