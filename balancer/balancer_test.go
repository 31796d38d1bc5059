package balancer

import (
	"slices"
	"testing"
)

func TestProfiles(t *testing.T) {
	var names []string
	for _, p := range Profiles {
		if p.Name == "" || p.Title == "" || p.Source == "" || p.Lag <= 0 || p.Evidence != Measured && p.Evidence != Reported {
			t.Errorf("incomplete: %+v", p)
		}
		if got, known := ByName(p.Name); !known || got != p {
			t.Errorf("%s leads to %+v", p.Name, got)
		}
		if slices.Contains(names, p.Name) {
			t.Errorf("%s is there twice", p.Name)
		}
		names = append(names, p.Name)
	}
	if !slices.IsSortedFunc(Profiles, func(a, b Profile) int { return int(a.Lag - b.Lag) }) {
		t.Error("the quickest are not first")
	}
	if p, known := ByName("none"); known {
		t.Errorf("found %+v", p)
	}
}
