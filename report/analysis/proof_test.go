package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// What a check that names a share of lossy ends makes of them: two pods end, web-1 and web-2.
func TestProofOfAShare(t *testing.T) {
	lost := func(pod string) request {
		return request{stream: "short-reused", sent: 10249 * ms, took: 12 * ms, connPod: pod, served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	}
	const half = "at most 50% of such ends lose a request (60% confidence, if each end is a draw of its own)"
	for name, tt := range map[string]struct {
		lossy   check.Share
		change  func(*scenario)
		verdict report.Verdict
		says    string
		outcome report.ProofOutcome
		needs   int
		atMost  float64
	}{
		"proven":        {0.5, func(*scenario) {}, report.Passed, "2776 requests, 2 pods ended, nothing lost\nproven that " + half + ": 0 of 2 ends did, and 2 prove it", report.Proven, 2, 0.5},
		"too few":       {0.05, func(*scenario) {}, report.Inconclusive, "not proven that at most 5% of such ends lose a request (60% confidence, if each end is a draw of its own): 0 of 2 ends that met requests did, and it takes 19 (about 8m43s at the speed of this run)", report.Unproven, 19, 1},
		"refuted":       {0.05, func(s *scenario) { s.request(lost("web-1")); s.request(lost("web-2")) }, report.Failed, "refuted that at most 5% of such ends lose a request (60% confidence, if each end is a draw of its own): 2 of 2 ends did", report.Refuted, 0, 1},
		"one of two":    {0.5, func(s *scenario) { s.request(lost("web-1")) }, report.Inconclusive, "not proven that " + half + ": 1 of 2 ends that met requests did, and it takes", report.Unproven, 0, 1},
		"doubts":        {0.5, func(s *scenario) { s.ending.Interrupted = true }, report.Inconclusive, "the run was stopped before its end", report.Unproven, 2, 1},
		"nobody's loss": {0.5, func(s *scenario) { s.request(stray) }, report.Failed, "1 of 2777 requests failed, the budget is 0\n1 failure could be tied to no termination, the budget is 0", report.Unproven, 0, 1},
		"no end":        {0.5, func(s *scenario) { s.unserved("web-1"); s.unserved("web-2") }, report.Inconclusive, "not proven that " + half + ": 0 of 0 ends", report.Unproven, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", drained()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			s.header.Check.Prove = &check.Prove{LossyEnds: tt.lossy, Confidence: 0.6, Within: check.Duration(time.Hour)}
			tt.change(s)
			rep := s.analyze(t)
			said := strings.Join(rep.Reasons, "\n")
			if rep.Verdict != tt.verdict || !strings.HasPrefix(said, tt.says) {
				t.Errorf("%s: %s\nwant %s: %s", rep.Verdict, said, tt.verdict, tt.says)
			}
			if rep.Proof == nil || rep.Proof.Outcome != tt.outcome || tt.needs > 0 && rep.Proof.Needs != tt.needs || rep.Ends.AtMost != tt.atMost {
				t.Errorf("%+v of %+v", rep.Proof, rep.Ends)
			}
		})
	}
}

// However small the share and slow the run, the estimate does not overflow.
func TestAProofThatTakesCenturies(t *testing.T) {
	c := &check.Prove{LossyEnds: 0.0001, Confidence: 0.9999, Within: check.MaxSoak}
	got := prove(c, &report.Ends{Seen: 1, InService: 1}, 40*time.Hour).reason
	if !strings.HasSuffix(got, " (more than 290 years at the speed of this run)") {
		t.Errorf("got %q", got)
	}
}

// What new pods lose is no end's: the budget decides on it, whatever is proven of the ends.
func TestAProofIsNotOfNewPods(t *testing.T) {
	s := slowStart().scenario()
	s.header.Check.Prove = &check.Prove{LossyEnds: 0.5, Confidence: 0.6, Within: check.Duration(time.Hour)}
	rep := s.analyze(t)
	if said := strings.Join(rep.Reasons, "\n"); rep.Verdict != report.Failed || !strings.Contains(said, "failed, the budget is 0") {
		t.Errorf("%s: %s", rep.Verdict, said)
	}
	if rep.Proof.Outcome != report.Proven {
		t.Errorf("%+v of %+v", rep.Proof, rep.Ends)
	}
}

// What ends lose is the proof's, and not the budget's.
func TestAProofTakesTheBudgetsPlace(t *testing.T) {
	s := newScenario()
	for i := range 6 {
		s.pod("web-"+string('1'+rune(i)), drained())
	}
	s.pod("web-7", nil)
	s.traffic(0, 6250*ms, "web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "web-7").traffic(8500*ms, 30*second, "web-7").steady(12 * second)
	s.request(request{stream: "short-reused", sent: 10249 * ms, took: 12 * ms, connPod: "web-2", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	s.header.Check.Prove = &check.Prove{LossyEnds: 0.5, Confidence: 0.6, Within: check.Duration(time.Hour)}
	rep := s.analyze(t)
	want := "2777 requests, 6 pods ended, 1 lost, of those 1 by ends of pods\n" +
		"proven that at most 50% of such ends lose a request (60% confidence, if each end is a draw of its own): 1 of 6 ends did, and 5 prove it"
	if said := strings.Join(rep.Reasons, "\n"); rep.Verdict != report.Passed || said != want {
		t.Errorf("%s: %s\nwant %s", rep.Verdict, said, want)
	}
}

// Ends of which it is not known whether they met requests refute nothing by being left out.
func TestARefutationIsOfAllEndsInService(t *testing.T) {
	c := &check.Prove{LossyEnds: 0.05, Confidence: 0.95}
	for seen, want := range map[report.Ends]report.ProofOutcome{
		{Seen: 2, InService: 2, Lossy: 2, LossyAtLeast: 2}:  report.Refuted,
		{Seen: 2, InService: 40, Lossy: 2, LossyAtLeast: 2}: report.Unproven,
		{Seen: 2, InService: 2, Lossy: 2, LossyAtLeast: 1}:  report.Unproven,
		{Seen: 58, InService: 60}:                           report.Unproven,
		{Seen: 59, InService: 60}:                           report.Proven,
		{Seen: 59, InService: 60, Lossy: 1}:                 report.Unproven,
	} {
		if got := prove(c, &seen, 0).Outcome; got != want {
			t.Errorf("%+v: %s, want %s", seen, got, want)
		}
	}
}

func TestAnInconclusiveRunHasProvenNothing(t *testing.T) {
	for _, outcome := range []report.ProofOutcome{report.Proven, report.Refuted} {
		p := &shareProof{Proof: report.Proof{Outcome: outcome}}
		if told := p.told(report.Inconclusive, nil); told.Outcome != report.Unproven || p.Outcome != outcome {
			t.Errorf("%s is told as %s", outcome, told.Outcome)
		}
	}
}
