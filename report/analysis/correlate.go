package analysis

import (
	"net"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// correlate ties each failure to the terminations that explain it, by the best
// evidence there is: the pod that last answered on the connection, the pod that
// the answer names, the address that was dialled; else the times.
func (s *scene) correlate(failures []*failure, ended []*termination, pods *podIndex) {
	for _, f := range failures {
		if life := identify(f, pods); life != nil {
			for _, t := range life.ends {
				s.anchor(f, t)
			}
		}
	}
	spans := effects(ended)
	for _, f := range failures {
		f.cause = report.Unknown
		if life := identify(f, pods); life != nil {
			s.blame(f, life)
		} else {
			s.compare(f, s.near(f, ended, spans))
		}
		if f.cause == report.Unknown && nearGap(f, s.gaps) {
			f.cause = report.ObservationGap
		}
	}
	for _, f := range failures {
		if len(f.suspects) == 1 {
			f.suspects[0].lost(f)
		}
	}
}

// lost takes a failure that is tied to the termination alone as evidence of how
// it went.
func (t *termination) lost(f *failure) {
	if f.confidence == report.Certain {
		t.cover(f.Stream)
	}
	switch sent := f.SentAt(); symptomOf(f) {
	case shutOut:
		if !t.FirstRefused.Known() || sent.Before(t.FirstRefused.From) {
			t.FirstRefused = sourced(at(sent), "the first request that was turned away")
		}
	case cutShort:
		t.lostInFlight = true
	}
}

// identify finds the pod that the failure itself names.
func identify(f *failure, pods *podIndex) *podLife {
	for _, name := range []string{f.Pod, f.ConnPod} {
		if name == "" {
			continue
		}
		if life := pods.named(name, f.SentAt()); life != nil {
			return life
		}
	}
	host, _, err := net.SplitHostPort(f.RemoteAddr)
	if err != nil {
		return nil
	}
	return pods.addressed(host, f.SentAt())
}

// anchor takes a request that was cut on the pod's own connection as the moment
// of its exit, where it lies within what is known of that.
func (s *scene) anchor(f *failure, t *termination) {
	end := f.EndAt()
	if symptomOf(f) != cutShort || !within(end, t.exit(), clockSlack) {
		return
	}
	if !t.cut.Known() {
		t.cut = at(end)
	}
	t.cut = report.Interval{From: earlier(t.cut.From, end), To: later(t.cut.To, end)}
}

// blame explains a failure whose pod is known. A pod that neither ended nor had
// just begun explains nothing, and nobody else is suspected in its place.
func (s *scene) blame(f *failure, life *podLife) {
	if s.starts.named(f, life) {
		f.cause, f.confidence, f.starting = report.NotReadyYet, report.Certain, []*podLife{life}
		return
	}
	best := strength(0)
	for _, t := range life.ends {
		if f.EndAt().Before(t.begin().Add(-clockSlack)) {
			continue
		}
		if cause, fits := s.explain(f, t); fits > best {
			best, f.cause, f.suspects = fits, cause, []*termination{t}
		}
	}
	switch best {
	case closeFit:
		f.confidence = report.Certain
	case looseFit:
		f.confidence = report.Likely
	}
}

// effects are the times in which each termination may have failed a request, as
// explain has it, but for the requests that near excepts.
func effects(ended []*termination) reaches {
	return newReaches(len(ended), func(i int) (from, to time.Time) {
		t := ended[i]
		exit := t.exit()
		from, to = earlier(t.begin(), exit.From), later(exit.To, t.LeftSlice.To).Add(looseProxyLag)
		if t.Sigterm.Known() {
			from = earlier(from, t.Sigterm.From)
		}
		if t.Container != "" {
			to = later(to, t.over())
		}
		return from.Add(-clockSlack), to.Add(clockSlack)
	})
}

// near gives the terminations whose times may explain a failure. What hung may have
// been sent to any, and where nobody was ready all that went before may have led to
// that.
func (s *scene) near(f *failure, ended []*termination, spans reaches) []*termination {
	sent := f.SentAt()
	if symptomOf(f) == hung || s.endpoints.emptyDuring(sent.Add(-proxyLag), sent) {
		return ended
	}
	first, end := spans.touching(sent, f.EndAt())
	return ended[first:end]
}

// compare explains a failure by its times alone.
func (s *scene) compare(f *failure, ended []*termination) {
	best := strength(0)
	for _, t := range ended {
		cause, fits := s.explain(f, t)
		switch {
		case fits == 0 || fits < best:
			continue
		case fits > best:
			f.suspects, f.cause = nil, cause
		case cause != f.cause:
			// Two terminations that would have failed it for different
			// reasons.
			if before(f.cause, cause) {
				continue
			}
			f.suspects, f.cause = nil, cause
		}
		best = fits
		f.suspects = append(f.suspects, t)
	}
	if fits, lives := s.starts.of(f); fits > best || (fits == best && fits > 0 && before(report.NotReadyYet, f.cause)) {
		best, f.cause, f.starting, f.suspects = fits, report.NotReadyYet, lives, nil
	}
	if best == 0 && s.nobodyReady(f) {
		best, f.cause = looseFit, report.NoCapacity
	}
	if len(f.suspects) > 1 && cutsAtExit(f.cause) {
		f.suspects = thoseThatMayHaveExited(f.EndAt(), f.suspects)
	}
	switch best {
	case closeFit:
		f.confidence = report.Likely
	case looseFit:
		f.confidence = report.Possible
	}
}

// nobodyReady tells whether a request reached no pod at a time when no endpoint
// was ready, whoever is to blame for that.
func (s *scene) nobodyReady(f *failure) bool {
	sent := f.SentAt()
	symptom := symptomOf(f)
	return (symptom == shutOut || symptom == hung && f.Fresh()) && s.endpoints.emptyDuring(sent.Add(-proxyLag), sent)
}

// cutsAtExit tells whether the cause is a request that was in flight at an exit.
func cutsAtExit(c report.Cause) bool {
	switch c {
	case report.NoDrain, report.GraceTooShort, report.SigtermIgnored, report.PrestopEatsGrace:
		return true
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
func thoseThatMayHaveExited(end time.Time, suspects []*termination) []*termination {
	left := slices.DeleteFunc(slices.Clone(suspects), func(t *termination) bool {
		if !t.LastAnswered.Known() {
			return false
		}
		last := t.LastAnswered.From
		if last.After(end.Add(delivery)) {
			return true
		}
		inRotation := t.LeftSlice.Known() && end.Before(t.LeftSlice.To.Add(proxyLag))
		pause, known := t.usualPause()
		return inRotation && known && end.Sub(last) > silenceDoubt*pause
	})
	if len(left) == 0 {
		return suspects
	}
	return left
}

// usualPause is the mean time between the pod's answers before its end.
func (t *termination) usualPause() (pause time.Duration, known bool) {
	const enough = 10
	if t.answers < enough {
		return 0, false
	}
	return t.begin().Sub(t.firstCounted) / time.Duration(t.answers), true
}
