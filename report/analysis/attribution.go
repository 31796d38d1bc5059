package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// explained is a failure with what explains it.
type explained struct {
	*examined
	suspects []*suspect
	// starting are the new pods whose start explains it, warming tells that these had given
	// good answers before or, where no answer names its pod, that they may have.
	starting   []*life
	warming    bool
	cause      report.Cause
	confidence report.Confidence
	// manner is how the end of a pod lost it, if one did.
	manner manner
	// follows is the failure that it is a consequence of: connection tracking led its
	// dial to the pod that had reset that one. Nil for none.
	follows *explained
	// others are pods of other workloads behind the service that may have lost it.
	others []string
	// another tells that its connection had been answered in a name that is none of the
	// workload's pods.
	another bool
}

// pods names the pods that explain it.
func (f *explained) pods() []string {
	names := []string{}
	for _, t := range f.suspects {
		names = append(names, t.Pod)
	}
	for _, life := range f.starting {
		names = append(names, life.name)
	}
	return names
}

// explainer is what explanations need beside the failure and the termination.
type explainer struct {
	traffic   *traffic
	endpoints *endpoints
	suspects  []*suspect
	// refusesAtDial tells that a closed door was seen to refuse at once, so that
	// nothing in front of the pods accepts connections for them.
	refusesAtDial bool
	// effects are the times in which each of them may have failed a request.
	effects spanIndex
	// starved and blurred tell of the run what its pace has shown.
	starved, blurred bool
	// warmed is until when new pods answered with errors, which they then ceased to.
	warmed map[*life]time.Time
	// gatewayErrors tells that gateways' answers come whether a pod ends or not.
	gatewayErrors bool
}

// attribute ties each failure to the terminations that explain it, by the best
// evidence there is: the pod that last answered on the connection, the pod that
// the answer names, the address that was dialled; else the times. Behind a proxy of
// layer 7 there are but the answer's name and the times. What was given no time by its
// lookup is nobody's.
func attribute(failures []examined, t *traffic, endpoints *endpoints, others []otherEndpoint, gaps []recording.Gap, pace pace) []*explained {
	suspects := suspectsOf(t.terminations, failures)
	s := &explainer{
		traffic: t, endpoints: endpoints, suspects: suspects, effects: effects(suspects), starved: pace.starved, blurred: pace.blurred,
		refusesAtDial: t.played != nil || slices.ContainsFunc(failures, func(f examined) bool {
			return f.Phase == recording.PhaseDial && f.Class == recording.ClassRefused
		}),
	}
	s.findKilled(failures)
	s.findLettingGo(failures)
	s.findErrors(failures)
	s.findUnread(failures)
	s.findGateways(failures)
	s.findHolders(failures)
	s.findProxies(failures)
	s.findWarming(failures)
	all := make([]*explained, len(failures))
	for i := range failures {
		f := &failures[i]
		another := f.ofAnother(t.frontends)
		switch {
		case t.ofOwnMaking(f.failure):
			all[i] = &explained{examined: f, cause: report.Unknown}
		case f.Class == recording.ClassNoBackend:
			// Nobody was asked: no pod turned it away.
			all[i] = &explained{examined: f, cause: causeOf(loss{manner: turnedAway, nobodyReady: true}), manner: turnedAway, confidence: report.Certain}
		case f.life != nil:
			all[i] = s.explainNamed(f)
		case another && named(others, f.ConnPod):
			// Its connection led to a pod that is none of these.
			all[i] = &explained{examined: f, cause: report.Unknown}
		default:
			all[i] = s.explainByTime(f)
		}
		all[i].others, all[i].another = leaving(f, others), another
		if (len(all[i].others) > 0 || another) && all[i].confidence == report.Likely {
			all[i].confidence = report.Possible
		}
		if all[i].cause == report.Unknown && nearGap(f.failure, gaps) {
			all[i].cause = causeOf(loss{manner: unobserved})
		}
	}
	return s.unprompted(s.warmedUnnamed(followed(all)))
}

// suspectsOf takes the requests that were cut on a pod's own connection as the
// moment of its exit, where they lie within what is known of that. A proxy passes a
// cut on in its own time.
func suspectsOf(terminations []*termination, failures []examined) []*suspect {
	suspects := make([]*suspect, len(terminations))
	for i, t := range terminations {
		suspects[i] = &suspect{termination: t}
	}
	for i := range failures {
		f := &failures[i]
		if f.life == nil || f.proxied || f.symptom != cutShort || f.endedAlone() {
			continue
		}
		end := f.EndAt()
		for _, t := range f.life.ends {
			s := suspects[t.number]
			if !within(end, t.exit(), clockSlack) {
				continue
			}
			if !s.cut.Known() {
				s.cut = at(end)
			}
			s.cut = report.Interval{From: earlier(s.cut.From, end), To: later(s.cut.To, end)}
		}
	}
	return suspects
}

// explainNamed explains a failure whose pod is known. A pod that neither ended nor
// had just begun explains nothing, and nobody else is suspected in its place.
func (s *explainer) explainNamed(f *examined) *explained {
	if s.traffic.starts.named(f, f.life) {
		return &explained{examined: f, cause: causeOf(loss{manner: tooEarly}), confidence: report.Certain, starting: []*life{f.life}}
	}
	if s.warming(f) {
		return &explained{examined: f, cause: causeOf(loss{manner: tooEarly}), confidence: report.Likely, starting: []*life{f.life}, warming: true}
	}
	e := &explained{examined: f, cause: report.Unknown}
	best := strength(0)
	for _, t := range f.life.ends {
		if f.EndAt().Before(t.begin().Add(-clockSlack)) {
			continue
		}
		t := s.suspects[t.number]
		if fit := s.explain(f, t); fit.strength > best {
			best, e.cause, e.manner, e.suspects = fit.strength, causeOf(fit.loss), fit.manner, []*suspect{t}
		}
	}
	switch best {
	case closeFit:
		e.confidence = report.Certain
	case looseFit:
		e.confidence = report.Likely
	}
	// A machine that was late may have lost it, or the pod have closed the connection as idle.
	if best > 0 && s.outOfTime(f) || best == looseFit && e.undecided() {
		e.confidence = report.Possible
	}
	return e
}

// undecided tells of a cut on a kept connection that its end came later than a round trip,
// and no later than the news of a closed connection may, as a pod ended which may have
// drained: that may have been at work on the request, or have closed the connection as idle
// just as it came.
func (f *explained) undecided() bool {
	return f.betweenTrips() && (f.manner == cutAtExit || f.manner == closedWhileKept) && slices.ContainsFunc(f.suspects, func(t *suspect) bool {
		return t.mayHaveDrained() && !t.killed() && t.unreadKept.IsZero() && within(f.EndAt(), t.exit(), clockSlack)
	})
}

// effects are the times in which each termination may have failed a request, as
// explain has it, but for the requests that near excepts.
func effects(suspects []*suspect) spanIndex {
	return newSpanIndex(len(suspects), func(i int) (from, to time.Time) {
		t := suspects[i]
		from, to = earlier(t.begin(), t.signalFrom()), later(t.exit().To, t.LeftSlice.To).Add(looseProxyLag)
		if t.Container != "" {
			to = later(to, t.over())
		}
		return from.Add(-clockSlack), to.Add(clockSlack)
	})
}

// near gives the terminations whose times may explain a failure. What hung may have
// been sent to any, and where nobody was ready all that went before may have led to
// that. A proxy may be late to forget them.
func (s *explainer) near(f *examined) []*suspect {
	if f.symptom == hung || s.emptyAt(f) {
		return s.suspects
	}
	first, end := s.effects.touching(f.SentAt().Add(looseProxyLag-f.looseLag()), f.EndAt())
	return s.suspects[first:end]
}

// outOfTime tells of a timeout for which a machine that is late with everything needs no
// pod's end: answered requests of its stream took half that time or more. That no pod was
// ready the cluster says by itself.
func (s *explainer) outOfTime(f *examined) bool {
	return s.starved && f.Class == recording.ClassTimeout && 2*s.traffic.stream(f.Stream).longest >= f.age() && !s.nobodyReady(f)
}

// explainByTime explains a failure by its times alone.
func (s *explainer) explainByTime(f *examined) *explained {
	e := &explained{examined: f, cause: report.Unknown}
	if s.outOfTime(f) {
		return e
	}
	best := strength(0)
	for _, t := range s.near(f) {
		fit := s.explain(f, t)
		if fit.strength == 0 || fit.strength < best {
			continue
		}
		cause := causeOf(fit.loss)
		switch {
		case fit.strength > best:
			e.suspects, e.cause, e.manner = nil, cause, fit.manner
		case cause != e.cause:
			// Two terminations that would have failed it for different
			// reasons.
			if before(e.cause, cause) {
				continue
			}
			e.suspects, e.cause, e.manner = nil, cause, fit.manner
		}
		best = fit.strength
		e.suspects = append(e.suspects, t)
	}
	if best == closeFit && e.life == nil && causeNamed(e.cause).atExit {
		also, sameCause := s.exitsNearby(f, e)
		e.suspects = append(e.suspects, also...)
		slices.SortFunc(e.suspects, func(a, b *suspect) int { return cmp.Compare(a.number, b.number) })
		if !sameCause {
			best = looseFit
		}
	}
	early := causeOf(loss{manner: tooEarly})
	// A pod held the request that an exit cut: one that does not listen yet holds none.
	held := f.wasHeld() && causeNamed(e.cause).atExit
	fits, lives := s.traffic.starts.of(f)
	if fits = f.atMost(fits); fits > best || (fits == best && fits > 0 && before(early, e.cause) && !held) {
		best, e.cause, e.starting, e.suspects = fits, early, lives, e.goneBefore(fits == closeFit && best == closeFit)
		if len(e.suspects) > 0 {
			// An old pod that is gone and a new one that does not serve yet: the
			// request may have been sent to either.
			best = looseFit
		}
	}
	if best == 0 && s.nobodyReady(f) {
		best, e.cause = looseFit, causeOf(loss{manner: turnedAway, nobodyReady: true})
	}
	if len(e.suspects) > 1 && causeNamed(e.cause).atExit {
		e.suspects = thoseThatMayHaveExited(f.EndAt(), e.suspects)
	}
	if s.starved && f.proxied && (f.symptom == hung || s.waited(f)) || s.blurred && f.Phase == recording.PhaseFirstByte && f.Fresh() {
		// What is slow everywhere waits as what was sent to a pod that is gone, and a machine
		// that is late with dialling and reading does not tell what was turned away from what
		// an exit cut.
		best = min(best, looseFit)
	}
	switch best {
	case closeFit:
		e.confidence = report.Likely
	case looseFit, faintFit:
		e.confidence = report.Possible
	}
	return e
}

// goneBefore gives those of the suspects that had certainly exited before the request
// was sent, as far as both they and a new pod fit it closely. One that still ran is
// not known to have turned anything away.
func (f *explained) goneBefore(both bool) []*suspect {
	if !both {
		return nil
	}
	return slices.DeleteFunc(f.suspects, func(t *suspect) bool { return !t.exit().To.Before(f.SentAt()) })
}

// nobodyReady tells whether a request reached no pod at a time when no endpoint
// was ready, whoever is to blame for that.
func (s *explainer) nobodyReady(f *examined) bool {
	switch {
	case f.symptom == shutOut, f.symptom == hung && f.Fresh(), f.gateway != noGateway:
		return s.emptyAt(f)
	default:
		return false
	}
}

// silenceDoubt is how many of its usual pauses a pod may be silent before it is
// taken to be gone: answers that come at random leave a pause that long once in
// a thousand.
const silenceDoubt = 7

// thoseThatMayHaveExited narrows down who cut a request that was in flight: not
// a pod that answered others afterwards, and not one that had fallen silent long
// before, while it was still in rotation. It keeps all where none is left.
func thoseThatMayHaveExited(end time.Time, suspects []*suspect) []*suspect {
	left := slices.DeleteFunc(slices.Clone(suspects), func(t *suspect) bool {
		// One that lets go of a request and lives on answers others.
		if !t.LastAnswered.Known() || t.cutWhileAlive(end) {
			return false
		}
		last := t.LastAnswered.From
		if last.After(end.Add(delivery)) {
			return true
		}
		inRotation := t.LeftSlice.Known() && end.Before(t.LeftSlice.To.Add(proxyLag))
		pause, known := t.usualPause()
		// One that was seen to cut requests just then lived until then, however silent it was.
		cutJustThen := t.cut.Known() && (within(end, at(t.cut.From), sameMoment) || within(end, at(t.cut.To), sameMoment))
		return inRotation && known && end.Sub(last) > silenceDoubt*pause && !cutJustThen
	})
	if len(left) == 0 {
		return suspects
	}
	return left
}

// gapReach is how near to a gap of the watch a failure may lie before nothing is
// claimed of it.
const gapReach = 2 * time.Second

// nearGap tells whether the watch may have missed what explains the failure.
// Nodes and leases only add to an explanation.
func nearGap(f *failure, gaps []recording.Gap) bool {
	return slices.ContainsFunc(gaps, func(g recording.Gap) bool {
		return g.Resource != "nodes" && g.Resource != "leases" && !f.EndAt().Before(g.From.Add(-gapReach)) && !f.SentAt().After(g.To.Add(gapReach))
	})
}
