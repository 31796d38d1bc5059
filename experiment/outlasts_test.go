package experiment

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A time for which no pod can go on answering is refused before anything is done: what it
// has is its grace period, and the 2 s that the kubelet may add.
func TestABudgetBeyondTheGrace(t *testing.T) {
	t.Parallel()
	const never = "a grace period of 30s, after which they are killed (2s later at the most): this can never hold"
	for name, tt := range map[string]struct {
		budget check.Budget
		want   string
	}{
		"a longer time":         {check.Budget{Outlasts: check.Duration(33 * time.Second)}, "budget.outlasts: 33s, and the pods have " + never},
		"a path that is slow":   {check.Budget{Path: "nlb"}, "budget.path: nlb needs 2m0s, and the pods have " + never},
		"what the kubelet adds": {check.Budget{Outlasts: check.Duration(32 * time.Second)}, ""},
		"a shorter time":        {check.Budget{Outlasts: check.Duration(20 * time.Second)}, ""},
		"none":                  {check.Budget{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			cfg := s.config(check.Disruption{Restart: &check.Restart{}})
			cfg.Check.Budget = tt.budget
			_, err := Plan(t.Context(), cfg)
			_, refused := errors.AsType[*CheckError](err)
			if refused != (tt.want != "") || refused && !strings.HasPrefix(err.Error(), tt.want) || err != nil && !refused {
				t.Errorf("got %v", err)
			}
			if slices.ContainsFunc(s.Writes(), func(w string) bool { return !strings.Contains(w, "selfsubjectaccessreviews") }) {
				t.Errorf("wrote %q", s.Writes())
			}
		})
	}
}

// What a disruption grants counts, up to the first of which that is not known.
func TestGranted(t *testing.T) {
	const grace = 30 * time.Second
	restart, kill, command := check.Disruption{Restart: &check.Restart{}}, check.Disruption{Kill: &check.Kill{}}, check.Disruption{Command: make([]check.Value, 1)}
	observe := check.Disruption{Observe: &check.Observe{}}
	deletes := func(grace time.Duration) check.Disruption {
		return check.Disruption{Delete: &check.Delete{GracePeriod: new(check.Duration(grace))}}
	}
	for name, tt := range map[string]struct {
		disruptions []check.Disruption
		given       time.Duration
		known       bool
	}{
		"the pods' own":              {[]check.Disruption{restart}, grace, true},
		"a deletion's longer one":    {[]check.Disruption{restart, deletes(time.Minute)}, time.Minute, true},
		"a deletion's shorter one":   {[]check.Disruption{deletes(time.Second)}, 0, false},
		"by force, beside a restart": {[]check.Disruption{deletes(0), restart}, grace, true},
		"a container's end":          {[]check.Disruption{kill}, 0, false},
		"a user's command":           {[]check.Disruption{command, restart}, 0, false},
		"others":                     {[]check.Disruption{observe}, 0, false},
		"a command after a restart":  {[]check.Disruption{restart, command}, grace, true},
	} {
		if given, known := granted(tt.disruptions, grace); given != tt.given || known != tt.known {
			t.Errorf("%s: %s, %t", name, given, known)
		}
	}
}
