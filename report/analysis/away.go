package analysis

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// away tells of pods that requests were not led to, by where these came from, so that no
// higher rate would have met them.
type away struct {
	// nodes are those that requests came from, where a service prefers pods nearby; nil
	// where that is not so, or not known.
	nodes     map[string]bool
	endpoints *endpoints
	// why says it, with what to do.
	why string
}

func newAway(h *recording.Header, endpoints *endpoints) away {
	a := away{endpoints: endpoints}
	switch w := &h.Workload; {
	case w.LocalNode != "":
		a.why = fmt.Sprintf("node %s alone was asked, and leads requests to its own pods only (externalTrafficPolicy: Local): a stream with a URL of each node is needed (streams[].url)", w.LocalNode)
	case len(w.Nearby) > 0 && len(h.Senders) > 0:
		a.nodes = map[string]bool{}
		for _, s := range h.Senders {
			a.nodes[s.Node] = true
		}
		need := "a sender on each node is needed (--senders all)"
		if h.Check.Inside != nil && h.Check.Inside.Senders == check.EachNode {
			need = "where no sender can be, these pods can be tested by another service or from outside only"
		}
		a.why = fmt.Sprintf("no sender was on its node, and requests are led to pods nearby (%s): %s", strings.Join(w.Nearby, ", "), need)
	}
	return a
}

// from tells whether requests were led away from the pod, or may have been.
func (a away) from(e *account) bool {
	return a.endpoints.elsewhere[e.UID] || a.nodes != nil && e.Node != "" && !a.nodes[e.Node]
}

// doubts tells of ends that no request can have met, where no answer names a pod, so that
// coverage does not tell it. The program may have run on the node that was asked: then
// that asks the others as well, as a mesh's proxy beside the senders may, and only names
// would show it. Where the service but prefers pods nearby, a warning tells of it.
func (a away) doubts(ended []*account, t *traffic) []string {
	if t.podsNamed {
		return nil
	}
	met := podsOf(ended, func(e *account) bool { return e.wasReady && a.endpoints.elsewhere[e.UID] })
	if len(met) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("nothing shows that a request could reach %s: %s", list(met), a.why)}
}
