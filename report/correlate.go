package report

import (
	"net"
	"time"
)

// correlate ties each failure to the terminations that explain it, by the best
// evidence there is: the pod that last answered on the connection, the pod that
// the answer names, the address that was dialled; else the times.
func (s *scene) correlate(failures []*failure, ended []*Termination, pods *podIndex) {
	for _, f := range failures {
		if life := identify(f, pods); life != nil && life.termination != nil {
			s.anchor(f, life.termination)
		}
	}
	for _, f := range failures {
		if life := identify(f, pods); life != nil {
			s.blame(f, life.termination)
			continue
		}
		s.compare(f, ended)
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
func (s *scene) anchor(f *failure, t *Termination) {
	end := f.EndAt()
	if symptomOf(f) == cutShort && within(end, t.exit(), clockSlack) && end.After(t.cutAt) {
		t.cutAt = end
	}
}

// blame explains a failure whose pod is known. A pod that did not end explains
// nothing, and nobody else is suspected in its place.
func (s *scene) blame(f *failure, t *Termination) {
	f.cause, f.confidence = Unknown, Certain
	if t == nil || f.EndAt().Before(t.begin().Add(-clockSlack)) {
		return
	}
	cause, fits := s.explain(f, t)
	if fits == 0 {
		return
	}
	f.cause, f.suspects, f.attributed = cause, []*Termination{t}, true
	if fits == looseFit {
		f.confidence = Likely
	}
}

// compare explains a failure by its times alone.
func (s *scene) compare(f *failure, ended []*Termination) {
	f.cause, f.confidence = Unknown, Certain
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
			// reasons: the one that fits the moment of the exit says more
			// than one that is merely in its time.
			if cause == ListenerClosedEarly {
				continue
			}
			f.suspects, f.cause = nil, cause
		}
		best = fits
		f.suspects = append(f.suspects, t)
	}
	if len(f.suspects) > 1 && (f.cause == NoDrain || f.cause == GraceTooShort) {
		f.suspects = nearestExit(f.EndAt(), f.suspects)
	}
	f.attributed = len(f.suspects) > 0
	switch best {
	case closeFit:
		f.confidence = Likely
	case looseFit:
		f.confidence = Possible
	}
}

// nearestExit narrows down who cut a request that was in flight: the pod that
// was seen answering until just before. It keeps all where that does not tell
// them apart.
func nearestExit(end time.Time, suspects []*Termination) []*Termination {
	const apart = 3
	var nearest *Termination
	var distance, second time.Duration = 1 << 62, 1 << 62
	for _, t := range suspects {
		if !t.LastAnswered.Known() {
			return suspects
		}
		d := end.Sub(t.LastAnswered.From)
		switch {
		case d < 0:
			// It went on answering: it was not this one's exit.
		case d < distance:
			nearest, distance, second = t, d, distance
		case d < second:
			second = d
		}
	}
	if nearest != nil && second >= apart*distance+inFlightAge {
		return []*Termination{nearest}
	}
	return suspects
}
