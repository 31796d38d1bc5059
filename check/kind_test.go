package check

import (
	"maps"
	"slices"
	"testing"
)

func TestDisruptionKinds(t *testing.T) {
	listed := []DisruptionKind{KindRestart, KindScale, KindDelete, KindEvict, KindDrain, KindKill, KindImage, KindCommand, KindObserve}
	var fields []DisruptionKind
	for name := range maps.Keys(kindFields(Disruption{})) {
		fields = append(fields, DisruptionKind(name))
	}
	slices.Sort(fields)
	slices.Sort(listed)
	if !slices.Equal(fields, listed) {
		t.Errorf("a disruption has %q, listed are %q", fields, listed)
	}
	if got := (Disruption{Drain: &Drain{}}).Kind(); got != KindDrain {
		t.Errorf("a drain is a %s", got)
	}
}
