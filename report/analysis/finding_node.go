package analysis

import (
	"fmt"
	"math"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// fewFromOneNode is how many connections have to fail at the least before that all came
// from one node is worth a word, nodeChance the probability at which it is no chance.
const (
	fewFromOneNode = 5
	nodeChance     = 0.001
)

// fromOneNode names the node whose senders sent all of the failed requests, if others
// were sending all the while and that is no chance; share is the part of the requests
// that it sent. Requests of one connection, which fail together, count once.
func (t *traffic) fromOneNode(members []*explained) (node string, share float64) {
	if len(t.senders) == 0 {
		return "", 0
	}
	node = t.senders.node(&members[0].Sample)
	last := members[0].EndAt()
	lone, kept := 0, map[connection]bool{}
	for _, f := range members {
		if t.senders.node(&f.Sample) != node {
			return "", 0
		}
		last = later(last, f.EndAt())
		if f.Conn == 0 {
			lone++
		} else {
			kept[connection{f.Stream, f.Conn}] = true
		}
	}
	own, all, nodes := 0, 0, map[string]bool{}
	for i := range t.senders {
		s := &t.senders[i]
		switch {
		case s.Node == node:
			own += s.Sent
		case s.Lost != "" && s.LostAt.Before(last):
			continue
		}
		all += s.Sent
		nodes[s.Node] = true
	}
	failed := lone + len(kept)
	share = float64(own) / float64(max(all, 1))
	if failed < fewFromOneNode || len(nodes) < 2 || float64(len(nodes))*math.Pow(share, float64(failed)) > nodeChance {
		return "", 0
	}
	return node, share
}

// nodeEvidence says what it means that all requests came from the node.
func nodeEvidence(node string, share float64, cause report.Cause, members []*explained, played bool) string {
	var reasons []string
	if causeNamed(cause).turnsAway && !played {
		reasons = append(reasons, "its kube-proxy followed the EndpointSlice later than those of the others")
	}
	if pods := endedOn(node, members); len(pods) > 0 && !played {
		reasons = append(reasons, "the service leads requests to pods of the sender's own node, where "+list(pods)+
			" ran (internalTrafficPolicy or externalTrafficPolicy: Local, trafficDistribution, topology hints)")
	}
	if len(reasons) == 0 {
		reasons = []string{"its way to the pods is another one"}
	}
	return fmt.Sprintf("all were sent from node %s, which sent %.0f %% of the requests, and none from the other nodes: %s", node, 100*share, strings.Join(reasons, ", or "))
}

// endedOn names the pods that explain failures, if all of them were on the node.
func endedOn(node string, members []*explained) []string {
	names := map[string]bool{}
	for _, m := range members {
		for _, t := range m.suspects {
			if t.Node != node {
				return nil
			}
			names[t.Pod] = true
		}
	}
	return sorted(names)
}
