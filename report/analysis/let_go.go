package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A program that lets go of what it has when it is told to stop, and lives on, closes all
// of that at one moment: uWSGI takes SIGTERM for a reload, unless die-on-term is set, and
// its workers go with what they were at work on. In a rollout several pods end at a time,
// and what was cut as one of them got its SIGTERM was that one's rather than that of one
// which had got its own before, and whose drain came to a limit just then.
//
// This does not hold for what a kill has cut just then, nor where the moment of SIGTERM is
// not known to a tenth of a second: pods of a rollout often end within a second of each
// other. Where two got theirs at the same moment both fit.

// signalledAsCut tells that the request ended just as the pod was told to stop, and before
// it can have exited.
func (t *suspect) signalledAsCut(f *examined) bool {
	return t.Container == "" && t.signalExact() && within(f.EndAt(), t.Sigterm, 0) && f.EndAt().Before(t.exit().From)
}

// cutAsSignalled tells of a request whose pod is not known that this one let go of it as it
// was told to stop. The pod must have had it, or it was cut together with such.
func (s *explainer) cutAsSignalled(f *examined, t *suspect) bool {
	if f.life != nil || !t.signalledAsCut(f) || len(s.killedAt(f)) > 0 {
		return false
	}
	return t.held(f) || f.Fresh() && t.lettingGo.Known() && within(f.EndAt(), t.lettingGo, sameMoment)
}

// findLettingGo notes when each pod, as it was told to stop, let go of requests that it
// must have had.
func (s *explainer) findLettingGo(failures []examined) {
	for i := range failures {
		f := &failures[i]
		if f.symptom != cutShort || f.proxied || len(s.killedAt(f)) > 0 {
			continue
		}
		for _, t := range s.candidates(f) {
			if end := f.EndAt(); t.held(f) && t.signalledAsCut(f) {
				if !t.lettingGo.Known() {
					t.lettingGo = at(end)
				}
				t.lettingGo = report.Interval{From: earlier(t.lettingGo.From, end), To: later(t.lettingGo.To, end)}
			}
		}
	}
}

// anotherSignalled tells of a connection that was closed without a name that another pod was
// told to stop just then, and this one was not: what the other one has let go of fits better.
// A machine that is late notices late what was closed.
func (s *explainer) anotherSignalled(f *examined, t *suspect) bool {
	return f.life == nil && !s.starved && !s.blurred && !t.signalledAsCut(f) && slices.ContainsFunc(s.near(f), func(o *suspect) bool { return o != t && o.signalledAsCut(f) })
}

// accepted tells of a request on a new connection that a listener had taken it: one that is
// closed resets the SYN (RFC 9293, 3.10.7.1), so that its dial is refused where nothing in
// front of the pods accepts in their place. That is known where a dial was refused, and
// inside of the cluster on the way to the pods' own service.
func (s *explainer) accepted(f *examined) bool {
	straight := s.refusesAtDial || s.traffic.frontends.straight && len(s.traffic.senders) > 0
	return straight && !f.proxied && f.Fresh() && f.Phase == recording.PhaseFirstByte && f.Class != recording.ClassTimeout
}
