package analysis

import (
	"reflect"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The spread is told of the disruption that it was seen at, and of the end; nothing
// is told of streams whose answers name no pod, or of an old recording.
func TestSpread(t *testing.T) {
	spread := map[string]int{"web-1": 12, "web-2": 20, "": 1}
	nameless := map[string]int{"": 32}
	s := sound()
	for i := range s.actions {
		if a := &s.actions[i]; a.Kind == recording.PhaseBegan && a.Phase == recording.Disrupt {
			a.Spread = map[string]map[string]int{"short-reused": spread, "nameless": nameless}
		}
	}
	s.ending.Streams = []recording.StreamEnd{
		{Name: "short-reused", Sent: 1388, Spread: spread}, {Name: "short-new", Sent: 1388, Spread: nameless},
	}
	rep := s.analyze(t)
	if got, want := rep.Disruptions[0].Spread, map[string]map[string]int{"short-reused": spread}; !reflect.DeepEqual(got, want) {
		t.Errorf("at the disruption: %v, want %v", got, want)
	}
	if got := rep.Streams[1].Spread; !reflect.DeepEqual(got, spread) || rep.Streams[0].Spread != nil {
		t.Errorf("at the end: %v and %v", got, rep.Streams[0].Spread)
	}
	if rep.Verdict != report.Passed {
		t.Errorf("%s (%v)", rep.Verdict, rep.Reasons)
	}

	if old := sound().analyze(t); old.Disruptions[0].Spread != nil || old.Streams[1].Spread != nil {
		t.Errorf("of an old recording: %v, %v", old.Disruptions[0].Spread, old.Streams[1].Spread)
	}
}
