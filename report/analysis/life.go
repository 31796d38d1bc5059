package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// life is a pod with what the traffic showed of it.
type life struct {
	*pod
	ends []*termination
	// served and last are its first and its last answer; zero if it gave none that named it.
	served, last time.Time
}

// answering is a pod while its answers are read.
type answering struct {
	*pod
	ends []*serving
	// served and last are its first and its last answer.
	served, last time.Time
}

// answered takes an answer that named the pod as evidence that it served.
func (a *answering) answered(s *recording.Sample) {
	end := s.EndAt()
	if a.served.IsZero() || end.Before(a.served) {
		a.served = end
	}
	a.last = later(a.last, end)
	for _, t := range a.ends {
		if t.Container == "" || s.SentAt().Before(t.begin()) || !end.After(t.exit().From) {
			t.answered(s)
			return
		}
		// A container that is begun anew may answer within the second in which the one
		// before it ended: what was asked meanwhile tells of neither.
		if end.After(t.exit().To) && (t.again.IsZero() || end.Before(t.again)) {
			t.again = end
		}
	}
}
