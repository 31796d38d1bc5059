package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// What the ends of two pods prove of those to come.
func TestEnds(t *testing.T) {
	cut := request{stream: "short-reused", sent: 10249 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	either := request{sent: 6900 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	tests := []struct {
		name   string
		change func(*scenario)
		seen   int
		lossy  int
		sure   int
		atMost float64
		says   string
	}{
		{"nothing lost", func(*scenario) {}, 2, 0, 0, 0.7764, "of ends such as these up to 78 % could still lose a request (95 % confidence, if each end is a draw of its own)"},
		{"one has lost something", func(s *scenario) { s.request(cut) }, 2, 1, 1, 0.9747, "of ends such as these up to 97 % could lose a request"},
		{"either may have", func(s *scenario) { s.request(either) }, 2, 2, 1, 1, "up to 100 %"},
		{"nobody knows which has", func(s *scenario) { s.request(stray) }, 2, 1, 0, 0.9747, "up to 97 %"},
		{"nothing is proven", func(s *scenario) { s.ending = nil }, 2, 0, 0, 1, ""},
		{"no names, and requests enough to meet each", func(s *scenario) { s.nameless() }, 2, 0, 0, 0.7764, "of ends such as these up to 78 %"},
		{"no names, and too few to meet each", func(s *scenario) { s.nameless().rates(0.05) }, 0, 0, 0, 1, "no end is known to have met requests"},
		{"no names, and too few but a loss", func(s *scenario) { s.request(cut).nameless().rates(0.05) }, 2, 2, 0, 1, "up to 100 %"},
		{"one of no service", func(s *scenario) { s.pod("web-4", drained()).unserved("web-4") }, 2, 0, 0, 0.7764, "of ends such as the 2 that met requests up to 78 %"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", drained()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			s.header.Check.Budget = check.Budget{Failed: 1, Maskable: 1, Unattributed: 1}
			tt.change(s)
			rep := s.analyze(t)
			if e := rep.Ends; e == nil || e.Seen != tt.seen || e.Lossy != tt.lossy || e.LossyAtLeast != tt.sure || e.Confidence != 0.95 || e.AtMost != tt.atMost {
				t.Errorf("the ends are %+v, want %d, %d to %d, at most %g; %s", e, tt.seen, tt.sure, tt.lossy, tt.atMost, summary(rep))
			}
			if said := strings.Join(rep.Reasons, "\n"); !strings.Contains(said, tt.says) || (rep.Verdict == report.Passed) != (tt.says != "" && tt.seen > 0) {
				t.Errorf("the verdict is %s: %s", rep.Verdict, said)
			}
		})
	}
}

// An end while which no request is sent, or which goes on when the load is over, is not put to
// the test by what the pod had answered before.
func TestEndsWithoutRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*scenario)
		seen   int
	}{
		"requests all the time":          {func(*scenario) {}, 2},
		"none while they end":            {func(s *scenario) { s.silent(5900*ms, 13*second) }, 0},
		"none, of pods without names":    {func(s *scenario) { s.nameless().silent(5900*ms, 13*second) }, 0},
		"some at their beginning":        {func(s *scenario) { s.silent(6300*ms, 13*second) }, 2},
		"the load is over before one is": {func(s *scenario) { s.silent(8*second, 40*second) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", drained()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6250*ms, 30*second, "web-3").steady(12 * second)
			tt.change(s)
			if rep := s.analyze(t); rep.Ends.Seen != tt.seen || rep.Ends.InService != 2 {
				t.Errorf("the ends are %+v, want %d; %s", rep.Ends, tt.seen, summary(rep))
			}
		})
	}
}

// silent has nothing sent for a while.
func (s *scenario) silent(from, to time.Duration) {
	s.samples = slices.DeleteFunc(s.samples, func(r recording.Sample) bool {
		return !r.Scheduled.Before(after(from)) && r.Scheduled.Before(after(to))
	})
}

// rates sets those of all streams.
func (s *scenario) rates(rate float64) {
	for i := range s.header.Check.Streams {
		s.header.Check.Streams[i].Rate = rate
	}
}

// unserved takes a pod out of all that slices told.
func (s *scenario) unserved(pod string) {
	for i := range s.events {
		if slice := s.events[i].Slice; slice != nil {
			slice.Endpoints = slices.DeleteFunc(slices.Clone(slice.Endpoints), func(e recording.Endpoint) bool { return e.PodUID == "uid-"+pod })
		}
	}
}

// As many ends have surely lost something as there are losses without a suspect in common.
func TestCertainlyLossy(t *testing.T) {
	suspects := make([]*suspect, 5)
	for i := range suspects {
		suspects[i] = &suspect{termination: &termination{ending: ending{number: i}}}
	}
	for name, tt := range map[string]struct {
		failures [][]int
		want     int
	}{
		"none":                            {nil, 0},
		"no suspect":                      {[][]int{{}}, 0},
		"the same twice":                  {[][]int{{1}, {1}}, 1},
		"two":                             {[][]int{{1}, {2}}, 2},
		"one of two":                      {[][]int{{1, 2}}, 1},
		"one of two that another names":   {[][]int{{1, 2}, {1}}, 1},
		"two pairs":                       {[][]int{{1, 2}, {3, 4}}, 2},
		"a pair across two that are sure": {[][]int{{1, 2}, {1}, {2}}, 2},
		"a chain":                         {[][]int{{0, 1}, {1, 2}, {2, 3}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var failures []*explained
			for _, numbers := range tt.failures {
				f := &explained{}
				for _, n := range numbers {
					f.suspects = append(f.suspects, suspects[n])
				}
				failures = append(failures, f)
			}
			if got := certainlyLossy(failures, func(*explained) bool { return true }); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
			if got := certainlyLossy(failures, func(*explained) bool { return false }); got != 0 {
				t.Errorf("of none that is sure: %d", got)
			}
		})
	}
}

// Failures that nobody examined may each be another end's.
func TestUnexaminedFailuresCountAsLossyEnds(t *testing.T) {
	var ended []*account
	for i := range 5 {
		ended = append(ended, &account{termination: &termination{ending: ending{number: i, wasReady: true}}, covered: map[string]bool{"short-new": true}})
	}
	streams := []*streamTally{{Stream: report.Stream{Name: "short-new"}, podsNamed: true, unexamined: 3}}
	streams[0].sends.take(&recording.Sample{Outcome: recording.OK}) // while they end
	if e := countEnds(ended, nil, streams, nil, nil); e.Seen != 5 || e.InService != 5 || e.Lossy != 3 || e.LossyAtLeast != 0 {
		t.Errorf("the ends are %+v, want 3 of 5", e)
	}
}
