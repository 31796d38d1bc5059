package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// slowAnswers are so many answers of that length from a moment on.
func slowAnswers(s *scenario, n int, from, took time.Duration) {
	for i := range n {
		s.request(request{sent: from + time.Duration(i)*ms, took: took, pod: "web-2"})
	}
}

// The pod of these ends at 6.2 s, and its exit is seen by 8.26 s; the workload is steady at
// 12 s, and some 120 requests of short-new are due between these.
func TestLatencyIsJudgedInDisruptionsAndOutside(t *testing.T) {
	const bound = 100 * ms
	late := func(s *scenario) { s.starve(60 * ms) }
	for name, tt := range map[string]struct {
		quantile check.Quantile
		change   func(*scenario)
		want     report.Verdict
		reason   string
	}{
		"kept":                       {check.P99, nil, report.Passed, "stream short-new: p99 of "},
		"as many as may be, outside": {check.P99, func(s *scenario) { slowAnswers(s, 9, 20*second, 300*ms) }, report.Passed, "at most 100ms is allowed"},
		"too many, in a disruption":  {check.P99, func(s *scenario) { slowAnswers(s, 20, 7*second, 300*ms) }, report.Failed, "answers took longer than 100ms, at most"},
		"too many, outside alone": {
			check.P99, func(s *scenario) { slowAnswers(s, 40, 20*second, 300*ms) }, report.Inconclusive,
			"outside of disruptions: whether it is its shutdown that takes the time is not known",
		},
		"too many, in both": {
			check.P99, func(s *scenario) { slowAnswers(s, 40, 20*second, 300*ms); slowAnswers(s, 20, 7*second, 300*ms) }, report.Inconclusive,
			"outside of disruptions",
		},
		"one, where none may": {check.Max, func(s *scenario) { slowAnswers(s, 1, 7*second, 300*ms) }, report.Failed, "1 of "},
		"half of them":        {check.P50, func(s *scenario) { slowAnswers(s, 20, 7*second, 300*ms) }, report.Passed, "stream short-new: p50 of "},
		"too many, and the load was late": {
			check.P99, func(s *scenario) { slowAnswers(s, 20, 7*second, 300*ms); late(s) }, report.Inconclusive,
			"but the run cannot tell whether that was the workload's doing",
		},
		"late by the load alone, and that just then": {check.Max, func(s *scenario) {
			s.request(request{sent: 7 * second, took: 5 * ms, pod: "web-2"})
			s.lag(300 * ms)
		}, report.Inconclusive, "but only 0 of them without being sent late, looked up for long or read late by this machine"},
		"read late by a machine that stood still": {check.Max, func(s *scenario) {
			slowAnswers(s, 1, 7*second, 300*ms)
			s.standStill(7100*ms, 7250*ms)
		}, report.Inconclusive, "but only 0 of them"},
		"and one that stood still elsewhere": {check.Max, func(s *scenario) {
			slowAnswers(s, 1, 7*second, 300*ms)
			s.standStill(9*second, 9200*ms)
		}, report.Failed, "1 of "},
		"by the lookup of the name": {check.Max, func(s *scenario) {
			s.request(request{sent: 7 * second, took: 305 * ms, pod: "web-2", lookup: 300 * ms})
		}, report.Inconclusive, "but only 0 of them"},
		"due before the first end": {check.Max, func(s *scenario) { slowAnswers(s, 1, 5500*ms, 300*ms) }, report.Inconclusive, "outside of disruptions"},
		"due before it was steady": {check.Max, func(s *scenario) { slowAnswers(s, 1, 11900*ms, 300*ms) }, report.Failed, "in disruptions"},
		"failed requests have none": {check.Max, func(s *scenario) {
			s.header.Check.Budget.Failed = 1
			s.request(request{sent: 7 * second, took: second, phase: recording.PhaseFirstByte, class: recording.ClassReset, connPod: "web-1", served: 1, stream: "short-reused"})
		}, report.Passed, "max of"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound()
			b := &s.header.Check.Budget
			*map[check.Quantile]*check.Duration{check.P50: &b.P50, check.P99: &b.P99, check.Max: &b.Max}[tt.quantile] = check.Duration(bound)
			if tt.change != nil {
				tt.change(s)
			}
			rep := s.analyze(t)
			if reasons := strings.Join(rep.Reasons, "; "); rep.Verdict != tt.want || !strings.Contains(reasons, tt.reason) {
				t.Errorf("%s (%s)", rep.Verdict, reasons)
			}
		})
	}
}

// lag lets the last request go out later than it was due.
func (s *scenario) lag(by time.Duration) {
	all := s.samples
	s.samples = all[len(all)-1:]
	s.starve(by)
	s.samples = all
}

// A stream's own bound takes the place of the whole one, and another stream's says nothing
// of it.
func TestLatencyOfAStreamsOwn(t *testing.T) {
	for name, tt := range map[string]struct {
		whole check.Duration
		own   *check.StreamBudget
		want  report.Verdict
	}{
		"the whole one":      {check.Duration(100 * ms), nil, report.Failed},
		"its own, longer":    {check.Duration(100 * ms), &check.StreamBudget{P99: check.Duration(second)}, report.Passed},
		"its own alone":      {0, &check.StreamBudget{P99: check.Duration(100 * ms)}, report.Failed},
		"another's, shorter": {check.Duration(second), nil, report.Passed},
	} {
		s := sound()
		s.header.Check.Budget.P99 = tt.whole
		s.header.Check.Streams[0].Budget = tt.own
		s.header.Check.Streams[1].Budget = &check.StreamBudget{P99: check.Duration(50 * ms)}
		slowAnswers(s, 20, 7*second, 300*ms)
		rep := s.analyze(t)
		if rep.Verdict != tt.want || (len(rep.Streams[0].Exceeded) > 0) != (tt.want == report.Failed) || len(rep.Streams[1].Exceeded) > 0 {
			t.Errorf("%s: %s (%v) %v", name, rep.Verdict, rep.Reasons, rep.Streams[0].Exceeded)
		}
	}
}

// An observation is steady when it is over: what comes long after the ends that it saw is
// outside of them. Ends that touch are one time.
func TestDisturbedTimes(t *testing.T) {
	for name, tt := range map[string]struct {
		kind check.DisruptionKind
		to   time.Duration
	}{
		"a restart":      {check.KindRestart, 30 * second},
		"an observation": {check.KindObserve, 9*second + looseProxyLag},
	} {
		r := &run{disruptions: []*disrupted{{Disruption: report.Disruption{Kind: string(tt.kind), Started: after(5 * second), Steady: after(30 * second)}}}}
		var endings []*ending
		for _, exited := range []time.Duration{8 * second, 9 * second} {
			e := &ending{}
			e.Requested, e.Exited = at(after(6*second)), at(after(exited))
			endings = append(endings, e)
		}
		got := r.disturbed(endings, looseProxyLag)
		if len(got) != 1 || !got[0].From.Equal(after(6*second)) || !got[0].To.Equal(after(tt.to)) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
