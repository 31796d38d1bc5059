package experiment

import (
	"context"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// What the first round shows is counted when it is recorded, however short the settling is: a
// run that is given up for want of ends has missed none. It is not given up because of that
// wait, of which there is but one.
func TestTheFirstRoundIsCountedWhenItIsRecorded(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	var counted time.Time
	cfg, said := s.proves(nil)
	cfg.Check.Prove.Within = check.Duration(time.Minute)
	cfg.Ends = func(context.Context) (Ends, error) {
		if counted.IsZero() {
			counted = cfg.Now()
			return Ends{Seen: 5, InService: 5}, nil // a twelfth of those that are needed
		}
		return Ends{Seen: 60, InService: 60}, nil
	}
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if said.String() != enoughToProve+": 0 of 60 ends lost a request\n" {
		t.Errorf("it says %q", said)
	}
	r := s.recorded(t)
	for _, a := range r.Actions {
		if a.Kind == recording.PhaseBegan && a.Phase == recording.Settle {
			if waited := counted.Sub(a.At); waited < recordedBy {
				t.Errorf("counted %s after the end, before its requests were recorded", waited)
			}
			return
		}
	}
	t.Errorf("nothing settled: phases %v, streams %+v, error %q", phases(r), r.Ending.Streams, r.Ending.Error)
}
