package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// onNodes puts web-1 on node 10.1.0.1 (n1), and so on.
func (s *scenario) onNodes() *scenario {
	for _, e := range s.events {
		if e.Pod != nil {
			number := e.Pod.Name[len("web-"):]
			e.Pod.Node, e.Pod.HostIP = "n"+number, "10.1.0."+number
		}
	}
	return s
}

// Ends of pods that requests are not led to prove nothing, and more requests change nothing.
func TestPodsThatRequestsAreNotLedTo(t *testing.T) {
	const (
		own   = "internalTrafficPolicy: Local of service web"
		zone  = "trafficDistribution: PreferSameZone of service web"
		more  = "stream short-new had no request answered by web-1 shortly before its end: more rate or a larger pool is needed"
		named = "stream short-new had no request answered by web-1 shortly before its end: "
		far   = "no sender was on its node, and requests are led to pods nearby ("
		each  = "): a sender on each node is needed (--senders all)"
		none  = "): where no sender can be, these pods can be tested by another service or from outside only"
		reach = "nothing shows that a request could reach web-1: "
		alone = "node 10.1.0.2 alone was asked, and leads requests to its own pods only (externalTrafficPolicy: Local): a stream with a URL of each node is needed (streams[].url)"
	)
	// Of the three pods web-1 ends. Its answers are the others', or nobody's.
	ending := func() *scenario {
		return newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).steady(12 * second)
	}
	byNames := func() *scenario { return ending().traffic(0, 30*second, "web-2", "web-3") }
	nameless := func() *scenario { return ending().unnamed(0, 30*second) }
	near := func(s *scenario, field string, senders check.Senders, nodes ...string) *scenario {
		s.header.Workload.Nearby, s.header.Workload.OwnNodes = []string{field}, field == own
		s.header.Check.Inside = &check.Inside{Senders: senders}
		return s.onNodes().from(nodes...)
	}
	byNode := func(s *scenario, node string) *scenario {
		s.header.Workload.LocalNode = node
		return s.onNodes()
	}
	for name, tt := range map[string]struct {
		of   *scenario
		want report.Verdict
		says string
	}{
		"by names, no sender on the node":                     {near(byNames(), own, 2, "n2", "n3"), report.Inconclusive, named + far + own + each},
		"by names, none could be there":                       {near(byNames(), own, check.EachNode, "n2", "n3"), report.Inconclusive, named + far + own + none},
		"by names, a service that prefers the zone":           {near(byNames(), zone, 2, "n2", "n3"), report.Inconclusive, named + far + zone + each},
		"by names, a sender on the node":                      {near(byNames(), zone, 2, "n1", "n3"), report.Inconclusive, more},
		"by names, senders elsewhere, no such service":        {byNames().onNodes().from("n2", "n3"), report.Inconclusive, more},
		"by names, one node asked":                            {byNode(byNames(), "10.1.0.2"), report.Inconclusive, named + alone},
		"nameless, no sender on the node":                     {near(nameless(), own, 2, "n2", "n3"), report.Inconclusive, reach + far + own + each},
		"nameless, a sender on each node":                     {near(nameless(), own, check.EachNode, "n1", "n2", "n3"), report.Passed, ""},
		"nameless, a sender on the node of the one that ends": {near(nameless(), own, 1, "n1"), report.Passed, ""},
		"nameless, a service that prefers the zone":           {near(nameless(), zone, 2, "n2", "n3"), report.Passed, ""},
		"nameless, one node asked":                            {byNode(nameless(), "10.1.0.2"), report.Inconclusive, reach + alone},
		"nameless, its node asked":                            {byNode(nameless(), "10.1.0.1"), report.Passed, ""},
		"nameless, something asked that leads to a node":      {byNode(nameless(), "127.0.0.1"), report.Passed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rep := tt.of.analyze(t)
			doubts := strings.Join(rep.Validity.Doubts, "; ")
			if first, _, _ := strings.Cut(doubts, "; "); rep.Verdict != tt.want || first != tt.says {
				t.Errorf("%s, doubts %q, want %s, %q", rep.Verdict, doubts, tt.want, tt.says)
			}
			if strings.Contains(doubts, reach) != strings.HasPrefix(tt.says, reach) {
				t.Errorf("where answers name their pods coverage tells it: %q", doubts)
			}
		})
	}
}
