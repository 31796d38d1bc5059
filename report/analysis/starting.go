package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// explains tells how well a pod's start fits a request that got no answer.
func (s *starts) explains(f *examined, life *life) strength {
	sent := f.DialledAt()
	if sent.Before(life.entered.From.Add(-clockSlack)) || !sent.Before(s.answersBy(life)) {
		return 0
	}
	switch f.symptom {
	case shutOut:
		if life.listened && f.Phase == recording.PhaseDial {
			return 0
		}
	case hung, cutShort:
		if !f.Fresh() || f.answering() {
			return 0
		}
	case wrongAnswer:
		if f.Pod != "" || !f.serverError() {
			return 0
		}
	default:
		return 0
	}
	refused := f.Phase == recording.PhaseDial && f.Class == recording.ClassRefused
	switch {
	case s.tooSoon[life] && (!life.served.IsZero() || refused && !sent.After(s.opened[life])):
		// Of a pod that no answer names, its closed port is known, which refuses and does
		// nothing else.
		return closeFit
	case life.probed:
		// The probe has seen it answer.
		return 0
	default:
		return looseFit
	}
}

// of gives the pods whose start explains the failure best, and how well.
func (s *starts) of(f *examined) (best strength, lives []*life) {
	for _, life := range s.unansweringAt(f.DialledAt()) {
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

// ownError tells of an error by which a pod answered that it names.
func (f *examined) ownError() bool { return f.life != nil && f.Pod == f.life.name && f.serverError() }

// named tells whether the failure is an error by which a pod that it names
// answered before its first real answer.
func (s *starts) named(f *examined, life *life) bool {
	return f.ownError() && slices.Contains(s.young, life) &&
		(life.served.IsZero() || f.EndAt().Before(life.served))
}
