package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// judge gives the verdict with its reasons.
//
// A loss that stands on its own evidence fails the workload whatever else went
// wrong, which is told; doubts alone only keep a clean run from passing. The
// exceptions are a service that was losing requests before it was touched, of which
// nothing can be said, and a starved run, whose losses stand only where they are
// evident. nobody says that nothing answered, where that is so. A check that names a share of lossy ends has the proof of that decide on what
// ends of pods have lost, instead of its budget.
func judge(budget check.Budget, ended []report.Termination, ends *report.Ends, validity *report.Validity, losses losses, own []ownBudget, proof *shareProof, nobody string) (report.Verdict, []string) {
	if validity.Baseline.Failed > 0 {
		reason := fmt.Sprintf("the service failed %d of %s in the baseline, before anything was done to it%s",
			validity.Baseline.Failed, text.Count(validity.Baseline.Sent, "request"), losses.baseline.told())
		if nobody != "" {
			reason += ". " + nobody
		}
		return report.Inconclusive, append([]string{reason}, validity.Doubts...)
	}
	over, standing := losses.over(budget), losses.standing(budget)
	ownOver, ownStanding := ownOver(own)
	over = append(over, ownOver...)
	switch {
	case len(over) > 0 && (standing || ownStanding):
		return report.Failed, slices.Concat(over, losses.provenStarved(), validity.Doubts)
	case len(over) > 0:
		but := "but the run cannot tell whether the workload lost them"
		if losses.starved && !losses.incomplete.unsound {
			but = "but the load was not what the check asked for, and a machine that is too busy loses such requests by itself"
		}
		return report.Inconclusive, slices.Concat(over, []string{but}, validity.Doubts)
	case proof.is(report.Refuted) && !losses.incomplete.unsound:
		return report.Failed, append([]string{proof.reason}, validity.Doubts...)
	case proof.is(report.Refuted), proof.is(report.Unproven):
		return report.Inconclusive, append([]string{proof.reason}, validity.Doubts...)
	case len(validity.Doubts) > 0:
		return report.Inconclusive, validity.Doubts
	default:
		reasons := []string{passReason(ended, losses)}
		if proof != nil {
			reasons = append(reasons, proof.reason)
		} else if ends != nil {
			reasons = append(reasons, mayLose(ends, countFunc(ended, func(t report.Termination) bool { return !t.OutOfService })))
		}
		return report.Passed, reasons
	}
}

func passReason(ended []report.Termination, l losses) string {
	pods := countFunc(ended, func(t report.Termination) bool { return t.Container == "" })
	reason := fmt.Sprintf("%s, %s", text.Count(l.sent, "request"), text.Count(pods, "pod"))
	if containers := countFunc(ended, func(t report.Termination) bool { return t.Container != "" && !t.OutOfService }); containers > 0 {
		reason += " and " + text.Count(containers, "container")
	}
	switch {
	case l.failed+l.atEnds == 0:
		return reason + " ended, nothing lost"
	case l.atEnds > 0:
		return fmt.Sprintf("%s ended, %d lost, of those %d by ends of pods", reason, l.failed+l.atEnds, l.atEnds)
	}
	return fmt.Sprintf("%s ended, %d lost, which is within the budget", reason, l.failed)
}

// losses sums up the failures by what can be claimed of them.
type losses struct {
	sent, failed, maskable, unattributed int
	// atEnds are those that are left to a proof, and not among failed: ends of pods lost
	// them, and no new pod may have.
	atEnds int
	// baseline are the errors of the baseline.
	baseline wording
	obscured int
	// ownFaults tells whether the client had failures of its own.
	ownFaults bool
	// incomplete is what the recording lacks of them.
	incomplete incomplete
	// starved tells that the run was, evident are the failures that stand all the
	// same.
	starved                  bool
	evident, evidentMaskable int
}

func sumLosses(streams []report.Stream, failures, baselineFailed []*explained, validity *report.Validity, t *traffic, starved, proving bool) losses {
	l := losses{incomplete: t.incomplete, starved: starved, baseline: wording{}}
	for _, f := range baselineFailed {
		l.baseline.take(f.Error)
	}
	for _, s := range streams {
		l.sent += s.Sent
		l.failed += s.Failed
		l.maskable += s.Maskable
		l.unattributed += s.Unattributed
		l.ownFaults = l.ownFaults || s.Client > 0
	}
	for _, f := range failures {
		if proving && len(f.suspects) > 0 && len(f.starting) == 0 {
			l.failed--
			l.atEnds++
			if f.Maskable {
				l.maskable--
			}
			continue
		}
		if obscured(f, validity.Gaps, t) {
			l.obscured++
			continue
		}
		if evident(f) {
			l.evident++
			if f.Maskable {
				l.evidentMaskable++
			}
		}
	}
	return l
}

// obscured tells of a failure near a gap of the watch, or that this machine may have made by
// itself.
func obscured(f *explained, gaps []recording.Gap, t *traffic) bool {
	return nearGap(f.failure, gaps) || t.inStall(f.failure) || t.ofOwnMaking(f.failure)
}

// over says where the budget is exceeded.
func (l losses) over(b check.Budget) []string {
	var reasons []string
	if l.failed-min(l.maskable, b.Maskable) > b.Failed {
		reason := fmt.Sprintf("%d of %s failed, the budget is %d", l.failed, text.Count(l.sent, "request"), b.Failed)
		if l.maskable > 0 {
			reason += fmt.Sprintf(" (%d of them maskable: a client that replays would have hidden them; %d allowed)", l.maskable, b.Maskable)
		}
		reasons = append(reasons, reason)
	}
	if l.unattributed > b.Unattributed {
		reasons = append(reasons, fmt.Sprintf("%s could be tied to no termination, the budget is %d",
			text.Count(l.unattributed, "failure"), b.Unattributed))
	}
	return reasons
}

// standing tells whether the budget would be exceeded by failures alone that
// are in no doubt: seen with a whole watch, tied to a termination where the client
// itself was in trouble, and of a recording that is sound; in a starved run by those
// that are evident.
func (l losses) standing(b check.Budget) bool {
	if l.incomplete.unsound {
		return false
	}
	if l.starved {
		return l.evident-min(l.evidentMaskable, b.Maskable) > b.Failed
	}
	sure := l.failed - l.obscured
	if l.ownFaults {
		sure -= l.unattributed
	}
	return sure-min(l.maskable, b.Maskable) > b.Failed || (l.obscured == 0 && !l.ownFaults && l.unattributed > b.Unattributed)
}

// provenStarved tells what a starved run is failed for.
func (l losses) provenStarved() []string {
	if !l.starved {
		return nil
	}
	return []string{fmt.Sprintf("the load was not what the check asked for, but %s cannot come from that", text.Count(l.evident, "failure"))}
}

// evident tells whether a failure shows by itself that the workload is at fault,
// however slow all machines were. One that is but possibly its doing does not.
func evident(f *explained) bool {
	shows := causeNamed(f.cause).evident
	if shows == nil || f.confidence == report.Possible {
		return false
	}
	var refused time.Time
	if f.Phase == recording.PhaseDial && f.Class == recording.ClassRefused && !f.proxied {
		refused = f.EndAt()
	}
	return shows(proof{f.confidence, f.answering(), refused, endsOf([]*explained{f})})
}
