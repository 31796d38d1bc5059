package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// sparedEnough is how many requests on new connections an exit would have cut, beside
// those on kept ones, for their absence to show something: where three are expected,
// none is cut once in twenty. As many on kept ones show something by their age.
const sparedEnough = 3

// stillCame is how long before a kept request, and what a new one takes, the last new one
// may have been sent that a pod answered, for others to have come to it with the kept one.
// Absence shows something only where presence was possible: after a preStop sleep kept
// connections alone carry requests.
const stillCame = 200 * time.Millisecond

// exitCuts are what the exits of the pods of one ReplicaSet cut without a byte of an
// answer.
type exitCuts struct {
	// kept counts those on kept connections, older those of them that had waited for longer
	// than half of the answers of their stream took, together those with which
	// others on new connections still came.
	kept, older, together int
	// atWork counts those on kept connections that had been there for longer than any news
	// of its closing takes, justCome the others.
	atWork, justCome int
	// held tells of one that a pod certainly had: on a new connection, or come before
	// SIGTERM, or with an answer that had begun.
	held bool
}

func (c *exitCuts) took(f *examined) {
	if f.symptom == cutShort {
		c.atWork++
	} else {
		c.justCome++
	}
}

// spared finds the ReplicaSets whose exits cut requests on kept connections alone. A
// pod that exits with all it has takes along requests on new connections as well, as
// many as there are under way; one that answers what it has and closes kept connections
// then takes none of them (com.sun.net.httpserver.HttpServer.stop is one). Where none can
// have come, their age tells: what a pod is at work on is mostly younger, as it is cut, than
// answers take, if these take about the same; what it no longer reads is as old as its
// SIGTERM. Where some answers take far longer than most, what was at work looks unread.
//
// Those of a ReplicaSet that is not spared, of which an exit has cut something that a pod was
// at work on, are cutting: all run the same program, so that its other exits cut what they
// had as well, also what had just come. Where one that is closed in good order crosses with
// a request, most of these have just come; late news makes few look older.
func (s *explainer) spared(failures []examined) (spared, cutting map[string]bool) {
	share, took := s.newPerKept()
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
			case f.Fresh():
			case f.life == nil:
				c.took(f)
			case t.Sigterm.Known() && f.SentAt().Before(t.Sigterm.From.Add(-clockSlack)):
				c.held = true
			default:
				c.kept++
				c.took(f)
				if f.age() > time.Duration(quantile(s.traffic.stream(f.Stream).latency, 50)) {
					c.older++
				}
				if !t.lastNew.Before(f.SentAt().Add(-took - stillCame)) {
					c.together++
				}
			}
			cuts[t.Owner] = c
		}
	}
	spared, cutting = map[string]bool{}, map[string]bool{}
	for owner, c := range cuts {
		leftUnread := c.kept >= sparedEnough && 2*c.older > c.kept
		spared[owner] = !c.held && (leftUnread || float64(c.together)*share >= sparedEnough)
		cutting[owner] = !spared[owner] && (c.held || c.atWork > 0 && 2*c.atWork >= c.justCome)
	}
	return spared, cutting
}

// cutWhenNew tells of a request on a new connection that a pod may have had when it
// was cut: all but those that were refused as such.
func (s *explainer) cutWhenNew(f *examined) bool {
	atDial := f.Phase == recording.PhaseResolve || f.Phase == recording.PhaseDial
	return f.Fresh() && !atDial && (f.symptom == cutShort || s.refusesAtDial)
}

// newPerKept is how many answered requests were under way on new connections for each
// on a kept one, over the run, and how long those of the slowest stream took in the mean.
func (s *explainer) newPerKept() (perKept float64, took time.Duration) {
	var fresh, kept float64
	for _, stream := range s.traffic.streams {
		mean := stream.latency.Mean()
		underWay := float64(stream.OK) * mean
		if stream.Connections == string(check.New) {
			fresh += underWay
			took = max(took, time.Duration(mean*float64(time.Microsecond)))
		} else {
			kept += underWay
		}
	}
	if kept == 0 {
		return 0, took
	}
	return fresh / kept, took
}
