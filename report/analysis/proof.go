package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// shareProof is what the ends prove of the check's share of lossy ones, and that in words. A nil
// one is that of a check that names none.
type shareProof struct {
	report.Proof
	reason string
}

func (p *shareProof) is(outcome report.ProofOutcome) bool { return p != nil && p.Outcome == outcome }

// told is the proof of a run with that verdict: an inconclusive one has proven nothing, nor
// has one with doubts that nothing was lost.
func (p *shareProof) told(verdict report.Verdict, doubts []string) *report.Proof {
	if p == nil {
		return nil
	}
	told := p.Proof
	if verdict == report.Inconclusive || told.Outcome == report.Proven && len(doubts) > 0 {
		told.Outcome = report.Unproven
	}
	return &told
}

// prove judges the ends of a run whose disruptions took so long. To prove the share it
// takes the most ends that may have lost a request, of those that met some; to refute it
// the fewest that surely did, of all in service. However often the run has looked before it
// stopped, each of the two is wrong no more often than the confidence allows: see
// [binomial.Test].
func prove(c *check.Prove, e *report.Ends, took time.Duration) *shareProof {
	if c == nil {
		return nil
	}
	if e == nil {
		e = &report.Ends{}
	}
	test := binomial.NewTest(float64(c.LossyEnds), float64(c.Confidence))
	p := &shareProof{Proof: report.Proof{LossyEnds: float64(c.LossyEnds), Confidence: float64(c.Confidence)}}
	claim := fmt.Sprintf("at most %s of such ends lose a request (%s confidence, if each end is a draw of its own)", c.LossyEnds, c.Confidence)
	if test.Refutes(e.LossyAtLeast, e.InService) {
		p.Outcome = report.Refuted
		p.reason = fmt.Sprintf("refuted that %s: %d of %s did", claim, e.LossyAtLeast, text.Count(e.InService, "end"))
		return p
	}
	if needs := test.Needs(e.Lossy); needs != binomial.Never {
		p.Needs = needs
	}
	if test.Proves(e.Lossy, e.Seen) {
		p.Outcome = report.Proven
		p.reason = fmt.Sprintf("proven that %s: %d of %s did, and %d prove it", claim, e.Lossy, text.Count(e.Seen, "end"), p.Needs)
		return p
	}
	p.Outcome = report.Unproven
	p.reason = fmt.Sprintf("not proven that %s: %d of %s that met requests did%s", claim, e.Lossy, text.Count(e.Seen, "end"), p.missing(e, took))
	return p
}

// missing says how many ends it would have taken, and how long that.
func (p *shareProof) missing(e *report.Ends, took time.Duration) string {
	if p.Needs == 0 {
		return ""
	}
	words := fmt.Sprintf(", and it takes %d", p.Needs)
	if e.Seen > 0 && took > 0 {
		words += fmt.Sprintf(" (%s at the speed of this run)", text.Estimate(took/time.Duration(e.Seen), p.Needs))
	}
	return words
}

// disrupting is how long a run's disruptions took, with what was between them; nothing
// where there was none, or no end of the run.
func disrupting(disruptions []report.Disruption, ending *recording.Ending) time.Duration {
	if len(disruptions) == 0 || ending == nil {
		return 0
	}
	return ending.At.Sub(disruptions[0].Started)
}
