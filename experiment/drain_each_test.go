package experiment

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Each node is a disruption of its own, that has its name, its time and its settling.
func TestDrainOfEachNodeInTurn(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(http.ResponseWriter, *http.Request) {})
	s.OnNodes("n1", "n2")
	before := s.Deployment()
	cfg := s.config(check.Disruption{Drain: &check.Drain{Node: check.EachInTurn}})
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	r := s.recorded(t)
	wantPhases(t, r, "baseline", "disrupt drain", "restored", "steady", "settle drain", "disrupt drain", "restored", "steady", "settle drain")
	var nodes []string
	for _, a := range r.Actions {
		if a.Kind == recording.PhaseBegan && a.Phase == recording.Disrupt {
			nodes = append(nodes, a.Detail)
		}
	}
	if !slices.Equal(nodes, []string{"node n1", "node n2"}) {
		t.Errorf("got %q", nodes)
	}
	for _, node := range []string{"n1", "n2"} {
		if s.Node(node).Spec.Unschedulable {
			t.Errorf("node %s is left cordoned", node)
		}
	}
	s.isAsBefore(t, before)
}

// Other runs are told how long it may take: each node has its own time.
func TestTheLongestDrainOfEachNode(t *testing.T) {
	each := check.Check{Disruptions: []check.Disruption{{Drain: &check.Drain{Node: check.EachInTurn}, Repeat: 2}}}.WithDefaults()
	one, four := longest(each, 1, false), longest(each, 4, false)
	per := time.Duration(each.Timing.Timeout+each.Timing.Settle) + restoreTimeout
	if four-one != 2*3*per {
		t.Errorf("4 nodes take %s longer than 1; want %s", four-one, 2*3*per)
	}
}
