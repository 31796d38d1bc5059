package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// unread is the first that it had not read, on connections as the request's is.
func (t *suspect) unread(f *examined) *time.Time {
	if f.Fresh() {
		return &t.unreadNew
	}
	return &t.unreadKept
}

// lastRead is when the last request was sent, on such a connection, that it answered, be it
// with an error.
func (t *suspect) lastRead(f *examined) time.Time {
	if f.Fresh() {
		return later(t.lastNew, t.erredNew)
	}
	return later(t.lastKept, t.erredKept)
}

// findErrors notes of each the last requests that it answered with an error on connections
// of its own: whichever of its containers answered had read them.
func (s *explainer) findErrors(failures []examined) {
	for i := range failures {
		f := &failures[i]
		if f.symptom != wrongAnswer || f.life == nil || f.proxied {
			continue
		}
		for _, t := range s.candidates(f) {
			if f.Fresh() {
				t.erredNew = later(t.erredNew, f.SentAt())
			} else {
				t.erredKept = later(t.erredKept, f.SentAt())
			}
		}
	}
}

// unread tells how well it fits that the pod no longer read what came on the request's
// connection, while it may have answered what it had read before, and closed it unread
// at last: as servers do that stop reading kept connections at SIGTERM and then wait for
// their workers (gunicorn, gunicorn/workers/gthread.py, ThreadWorker.run), or stop
// accepting and leave new ones in the listener's queue, where the kernel has accepted
// them already, until they exit (gunicorn/workers/sync.py). The request came with the
// signal or after it, no answer began, and none is known to one that was sent later on
// such a connection. That it waited longer than any answered request of its stream
// took, and than a proxy may have held an answer back, shows that nobody was at work on
// it; then nobody read those that came later, either. Else it fits loosely, for a kept
// connection, if the pod went on with what it had and answered none that came later, in
// a time in which it would have (a SIGTERM that a busy node delivers late looks like a
// pod that goes on), if its like do not read, or spare what came on new ones. An exit
// code of a pod that went at once with all it had rules it out.
func (s *explainer) unread(f *examined, t *suspect) strength {
	sent, end := f.SentAt(), f.EndAt()
	first, last := *t.unread(f), t.lastRead(f)
	waited := s.waited(f)
	switch {
	case !t.mayNotRead(f):
		return 0
	case sent.Before(t.Sigterm.From.Add(-clockSlack)):
		// Where all that could read it were busy it waits from before the signal on: it was
		// under way for longer than any takes, while what the pod had read was answered.
		// So it does in a queue that was closed then, ahead of those that came later.
		busy := waited && t.finishes && !sent.Before(t.Sigterm.From.Add(-s.traffic.longest()))
		if f.Fresh() && (busy || f.mayQueue() && slices.ContainsFunc(t.queues, func(closed report.Interval) bool { return within(end, closed, sameMoment) })) {
			return looseFit
		}
		return 0
	case waited, !first.IsZero() && !sent.Before(first):
		if f.Fresh() {
			return s.closedDoor(f, t) // as well as it fits that it was led there
		}
		return closeFit
	case f.Fresh():
		if f.mayQueue() && slices.ContainsFunc(t.queues, func(closed report.Interval) bool { return within(end, closed, 0) }) {
			return looseFit
		}
		return 0
	case t.wentOn && !last.After(t.Sigterm.To.Add(clockSlack)) && end.After(t.Sigterm.To.Add(s.traffic.stream(f.Stream).longest+delivery)),
		t.stopsReading, t.sparesNew:
		return looseFit
	default:
		return 0
	}
}

// unreadByAnother tells how well it fits that another pod had left a request on a new
// connection unread, rather than that this one, whose exit may fit as well, had it in flight.
// It was reset together with others that the other one certainly had not read; or it waited
// for longer than any answer took, so that nobody was at work on it, and this pod had not
// left it in its queue, as it answered another that came later (a queue is first in, first
// out).
func (s *explainer) unreadByAnother(f *examined, t *suspect) (best strength) {
	if f.life != nil || !f.mayQueue() {
		return 0
	}
	idle := s.waited(f) && t.lastNew.After(f.SentAt().Add(clockSlack))
	for _, o := range s.near(f) {
		together := o.reset.Known() && within(f.EndAt(), o.reset, sameMoment)
		if o != t && o.Container == "" && (idle || together) {
			best = max(best, s.unread(f, o))
		}
	}
	return best
}

// findUnread notes for each suspect the first requests that it had certainly not read,
// and which others do as it does. Of a request that names no pod the times must leave
// one suspect alone.
func (s *explainer) findUnread(failures []examined) {
	owners := map[string]bool{}
	for i := range failures {
		f := &failures[i]
		if f.symptom != cutShort {
			continue
		}
		t := s.onlyUnread(f)
		if t == nil {
			continue
		}
		if first := t.unread(f); first.IsZero() {
			*first = f.SentAt()
		}
		if end := f.EndAt(); f.mayQueue() {
			t.reset = report.Interval{From: earlier(cmp.Or(t.reset.From, end), end), To: later(t.reset.To, end)}
		}
		owners[t.Owner] = owners[t.Owner] || !f.Fresh()
	}
	s.findQueues(failures)
	spared, cutting := s.spared(failures)
	for _, t := range s.suspects {
		t.stopsReading, t.sparesNew = owners[t.Owner] && t.ofReplicaSet(), spared[t.Owner]
		t.cutting = cutting[t.Owner]
	}
}

// onlyUnread gives the one suspect that had certainly not read the request, nil if
// there is none or are several.
func (s *explainer) onlyUnread(f *examined) *suspect {
	var only *suspect
	for _, t := range s.candidates(f) {
		if t.Container != "" || s.unread(f, t) != closeFit {
			continue
		}
		if only != nil {
			return nil
		}
		only = t
	}
	return only
}
