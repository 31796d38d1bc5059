package analysis

import (
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// sparedEnough is how many requests on new connections an exit would have cut, beside
// those on kept ones, for their absence to show something: where three are expected,
// none is cut once in twenty.
const sparedEnough = 3

// exitCuts are what the exits of the pods of one ReplicaSet cut without a byte of an
// answer.
type exitCuts struct {
	kept int
	// held tells of one that a pod certainly had: on a new connection, or come before
	// SIGTERM, or with an answer that had begun.
	held bool
}

// spared finds the ReplicaSets whose exits cut requests on kept connections alone. A
// pod that exits with all it has takes along requests on new connections as well, as
// many as there are under way; one that answers what it has and closes kept connections
// then takes none of them (com.sun.net.httpserver.HttpServer.stop is one).
func (s *explainer) spared(failures []examined) map[string]bool {
	cuts := map[string]exitCuts{}
	for i := range failures {
		f := &failures[i]
		if f.symptom == hung || f.symptom == wrongAnswer || f.proxied || s.onlyUnread(f) != nil {
			continue
		}
		for _, t := range s.candidates(f) {
			if !t.ofReplicaSet() || !t.orderly() || t.killed() || !within(f.EndAt(), t.exit(), clockSlack) || f.DialledAt().After(t.exit().To) {
				continue
			}
			c := cuts[t.Owner]
			switch {
			case f.answering(), s.cutWhenNew(f):
				c.held = true
			case f.Fresh() || f.life == nil:
			case t.Sigterm.Known() && f.SentAt().Before(t.Sigterm.From.Add(-clockSlack)):
				c.held = true
			default:
				c.kept++
			}
			cuts[t.Owner] = c
		}
	}
	share := s.newPerKept()
	spared := map[string]bool{}
	for owner, c := range cuts {
		spared[owner] = !c.held && float64(c.kept)*share >= sparedEnough
	}
	return spared
}

// cutWhenNew tells of a request on a new connection that a pod may have had when it
// was cut: all but those that were refused as such.
func (s *explainer) cutWhenNew(f *examined) bool {
	atDial := f.Phase == recording.PhaseResolve || f.Phase == recording.PhaseDial
	return f.Fresh() && !atDial && (f.symptom == cutShort || s.refusesAtDial)
}

// newPerKept is how many answered requests were under way on new connections for each
// on a kept one, over the run.
func (s *explainer) newPerKept() float64 {
	var fresh, kept float64
	for _, stream := range s.traffic.streams {
		underWay := float64(stream.OK) * stream.latency.Mean()
		if stream.Connections == string(check.New) {
			fresh += underWay
		} else {
			kept += underWay
		}
	}
	if kept == 0 {
		return 0
	}
	return fresh / kept
}
