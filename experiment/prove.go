package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Ends counts the ends of pods that a recording tells of, as a report counts them.
type Ends struct {
	// Seen are those that met requests, Lossy those of them that may have lost one.
	Seen, Lossy int
	// InService are those of pods in service, whether or not they are known to have met
	// requests; LossyAtLeast those that have surely lost one.
	InService, LossyAtLeast int
}

// Proof is how far a run is that is to prove a share of lossy ends.
type Proof struct {
	Ends
	// Needs is how many ends prove it if no other one loses anything; 0 where no number does.
	Needs int
}

// recordedBy is how long after its end a request is in the recording: that is written in
// segments.
const recordedBy = recording.SegmentAge + time.Second

// prove does all disruptions over and over, until what they show needs no more of them, or
// there is no time for more. What they prove is for the report to say: it counts all ends, and
// knows of doubts that are not looked for here.
func (r *run) prove(ctx context.Context) error {
	p := newProving(*r.cfg.Check.Prove, r.cfg.Now())
	rounds := make([]int, len(r.cfg.Check.Disruptions))
	for {
		err := r.disruptAll(ctx, func(yield func(step, error) bool) { pass(ctx, r.cfg.Check.Disruptions, rounds, yield) })
		if err != nil || r.unproven != "" {
			return err
		}
		r.at("counting the ends of pods")
		why, err := r.over(ctx, p)
		if err != nil {
			return err
		}
		if why != "" {
			r.cfg.tell("%s", why)
			return nil
		}
	}
}

// over tells why no other round is done; nothing where one is. An answer is only given of
// ends whose last requests are recorded.
func (r *run) over(ctx context.Context, p *proving) (why string, err error) {
	if p.rounds == 0 {
		// What the first round shows tells whether others are worth their time.
		if err := r.awaitRecorded(ctx, p, max(0, check.Duration(recordedBy)-r.cfg.Check.Timing.Settle)); err != nil {
			return "", err
		}
	}
	seen, err := r.countEnds(ctx, p)
	if err != nil {
		return "", err
	}
	if p.answer(seen) != "" {
		if err := r.awaitRecorded(ctx, p, check.Duration(recordedBy)); err != nil {
			return "", err
		}
		if seen, err = r.countEnds(ctx, p); err != nil {
			return "", err
		}
	}
	return p.over(seen, r.cfg.Now()), nil
}

// awaitRecorded waits until the ends are recorded, which is no part of a round.
func (r *run) awaitRecorded(ctx context.Context, p *proving, d check.Duration) error {
	before := r.cfg.Now()
	defer func() { p.waited += r.cfg.Now().Sub(before) }()
	return wait(ctx, d)
}

func (r *run) countEnds(ctx context.Context, p *proving) (Ends, error) {
	seen, err := r.cfg.Ends(ctx)
	switch {
	case ctx.Err() != nil:
		return Ends{}, cause(ctx)
	case err != nil:
		return Ends{}, fmt.Errorf("count the ends of pods: %w", err)
	}
	proof := &Proof{Ends: seen, Needs: p.test.Needs(seen.Lossy)}
	if proof.Needs == binomial.Never {
		proof.Needs = 0
	}
	r.stage.setProof(proof)
	r.wakeProgress()
	return seen, nil
}

// errNoCount is a program that runs a check with Prove without Config.Ends.
var errNoCount = errors.New("prove: nobody counts the ends of pods")

// proving decides whether another round is done.
type proving struct {
	check.Prove
	test   *binomial.Test
	began  time.Time
	rounds int
	// waited is how much of the time since passed between rounds.
	waited time.Duration
}

func newProving(c check.Prove, now time.Time) *proving {
	return &proving{Prove: c, test: binomial.NewTest(float64(c.LossyEnds), float64(c.Confidence)), began: now}
}

// How the run says why there is no other round. None of them is a claim about the workload: a
// report with the same ends may be inconclusive, and one that knows of more may prove what the
// last count here did not.
const (
	enoughToProve  = "enough ends for a proof, unless the report has doubts"
	enoughToRefute = "enough ends for a refutation, unless the report has doubts"
	noRound        = "no other round"
)

// answer says what the ends are enough for; nothing where they are too few.
func (p *proving) answer(e Ends) string {
	switch {
	case p.test.Refutes(e.LossyAtLeast, e.InService):
		return fmt.Sprintf(enoughToRefute+": %d of %d ends lost a request", e.LossyAtLeast, e.InService)
	case p.test.Proves(e.Lossy, e.Seen):
		return fmt.Sprintf(enoughToProve+": %d of %d ends lost a request", e.Lossy, e.Seen)
	default:
		return ""
	}
}

// over is asked after each round. No round begins that would, if it took as long as those
// before on the average, end when the time is over; what was waited between rounds is no part
// of theirs. After the first one it is known how many there would have to be if no end loses
// anything; with a loss more are needed for a proof, but a few may refute it.
func (p *proving) over(e Ends, now time.Time) string {
	p.rounds++
	if said := p.answer(e); said != "" {
		return said
	}
	took := now.Sub(p.began)
	round := (took - p.waited) / time.Duration(p.rounds)
	needs := p.test.Needs(e.Lossy)
	if p.rounds == 1 && e.Lossy == 0 {
		switch {
		case e.Seen == 0:
			return noRound + ": no end met requests in the first one, and those of more would be no better"
		case time.Duration(rounds(needs, e.Seen)) > (time.Duration(p.Within)-p.waited)/max(round, 1):
			return fmt.Sprintf(noRound+": it takes %d ends, %s at the speed of the first round (%d in %s), and prove.within is %s",
				needs, text.Estimate(round, rounds(needs, e.Seen)), e.Seen, round.Round(time.Second), p.Within)
		}
	}
	if took+round > time.Duration(p.Within) {
		return fmt.Sprintf(noRound+": prove.within (%s) has no time for it; so far %d of %d ends lost a request", p.Within, e.Lossy, e.Seen)
	}
	return ""
}

// rounds is how many with so many ends each it takes for those that are needed.
func rounds(needs, ends int) int { return (needs + ends - 1) / ends }
