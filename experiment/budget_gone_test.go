package experiment

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// A budget is gone when no explanation of the failures could leave them within it.
func TestABudgetIsGone(t *testing.T) {
	own := func(failed, maskable *int) *check.StreamBudget {
		return &check.StreamBudget{Failed: failed, Maskable: maskable}
	}
	for name, tt := range map[string]struct {
		whole        check.Budget
		own          *check.StreamBudget
		first, other uint64
		want         string
	}{
		"nothing lost":                 {check.Budget{}, nil, 0, 0, ""},
		"the first":                    {check.Budget{}, nil, 1, 0, "1 request had failed, the budget is 0"},
		"as many as may":               {check.Budget{Failed: 3}, nil, 1, 2, ""},
		"the sum":                      {check.Budget{Failed: 3}, nil, 2, 2, "4 requests had failed, the budget is 3"},
		"they may all be maskable":     {check.Budget{Failed: 1, Maskable: 2}, nil, 3, 0, ""},
		"they cannot all be":           {check.Budget{Failed: 1, Maskable: 2}, nil, 3, 1, "4 requests had failed, the budget is 1 and 2 maskable ones"},
		"unexplained ones":             {check.Budget{Failed: 9}, &check.StreamBudget{Unattributed: new(0)}, 9, 0, ""},
		"a stream's own":               {check.Budget{Failed: 9}, own(new(1), nil), 2, 0, "2 requests of stream first had failed, the budget is 1"},
		"another stream's":             {check.Budget{Failed: 9}, own(new(1), nil), 1, 5, ""},
		"a stream's own, and maskable": {check.Budget{Failed: 9, Maskable: 2}, own(new(1), nil), 3, 0, ""},
		"a stream's own and its own":   {check.Budget{Failed: 9, Maskable: 2}, own(new(1), new(0)), 2, 0, "2 requests of stream first had failed, the budget is 1"},
	} {
		c := check.Check{Budget: tt.whole, Streams: []check.Stream{{Name: "first", Budget: tt.own}, {Name: "other"}}}
		if got := gone(c, []sender.StreamStatus{{Name: "first", Failed: tt.first}, {Name: "other", Failed: tt.other}}); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A run whose budget is gone ends long before its disruption would, and puts the workload
// back. One that is not to stop goes on.
func TestStopOnFailure(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]bool{"stops": true, "goes on": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var failing atomic.Bool
			s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
				if failing.Load() {
					w.WriteHeader(http.StatusInternalServerError)
				}
			})
			s.Obedient = false // nobody carries the scaling out: it goes on until its time is over
			before := s.Deployment()
			cfg := s.config(scaleToOne, check.Disruption{Restart: &check.Restart{}})
			cfg.Check.StopOnFailure = stop
			cfg.Check.Budget.Failed = 3
			cfg.Check.Timing.Timeout = check.Duration(5 * time.Second)
			cfg.Doing = func(d Doing) {
				if d.What == "doing the scale of deployment/web" {
					failing.Store(true)
				}
			}
			if err := Run(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			s.isAsBefore(t, before)
			r := s.recorded(t)
			if !stop {
				wantPhases(t, r, "baseline", "disrupt scale", "not-steady", "restored", "settle scale")
				return
			}
			if !slices.ContainsFunc(s.Client.Actions(), scalesDown) {
				t.Error("the workload was never scaled")
			}
			wantPhases(t, r, "baseline", "disrupt scale", "not-steady", "restored", "settle")
			if r.Ending.Stopped == "" || r.Ending.Error != "" || r.Ending.Interrupted {
				t.Errorf("it ends with %+v", r.Ending)
			}
		})
	}
}

// Failures of the baseline end a run for themselves.
func TestStopOnFailureLeavesTheBaselineAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	cfg := s.config(scaleToOne)
	cfg.Check.StopOnFailure = true
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	r := s.recorded(t)
	wantPhases(t, r, "baseline")
	if r.Ending.Stopped != "" {
		t.Errorf("it ends with %+v", r.Ending)
	}
}
