package analysis

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// rateTolerance is how far the achieved rate may be off, as knative's
	// rollout probe has it.
	rateTolerance = 0.01
	// latenessTolerance bounds the 99th percentile of how late requests went
	// out.
	latenessTolerance = 50 * time.Millisecond
	// stallReach is for how long a process that runs again may still be busy with
	// what has come meanwhile.
	stallReach = 50 * time.Millisecond
	// gapReach is how near to a gap of the watch a failure may lie before
	// nothing is claimed of it.
	gapReach = 2 * time.Second
)

// judge gives the verdict with its reasons.
//
// A loss that stands on its own evidence fails the workload whatever else went
// wrong; doubts only keep a clean run from passing. The exception is a service
// that was losing requests before it was touched: nothing can be said of it.
func judge(rep *report.Report, losses losses) (report.Verdict, []string) {
	if rep.Validity.Baseline.Failed > 0 {
		return report.Inconclusive, append([]string{fmt.Sprintf(
			"the service failed %d of %s in the baseline, before anything was done to it",
			rep.Validity.Baseline.Failed, text.Count(rep.Validity.Baseline.Sent, "request"))}, rep.Validity.Doubts...)
	}
	over := losses.over(rep.Check.Budget)
	switch {
	case len(over) > 0 && losses.standing(rep.Check.Budget):
		return report.Failed, over
	case len(over) > 0:
		return report.Inconclusive, slices.Concat(over, []string{
			"but the run cannot tell whether the workload lost them",
		}, rep.Validity.Doubts)
	case len(rep.Validity.Doubts) > 0:
		return report.Inconclusive, rep.Validity.Doubts
	default:
		return report.Passed, []string{passReason(rep, losses)}
	}
}

func passReason(rep *report.Report, l losses) string {
	pods := 0
	for i := range rep.Terminations {
		if rep.Terminations[i].Container == "" {
			pods++
		}
	}
	reason := fmt.Sprintf("%s, %s", text.Count(l.sent, "request"), text.Count(pods, "pod"))
	if containers := len(rep.Terminations) - pods; containers > 0 {
		reason += " and " + text.Count(containers, "container")
	}
	if l.failed == 0 {
		return reason + " ended, nothing lost"
	}
	return fmt.Sprintf("%s ended, %d lost, which is within the budget", reason, l.failed)
}

// losses sums up the failures by what can be claimed of them.
type losses struct {
	sent, failed, maskable, unattributed int
	// obscured are failures near a gap of the watch, or that this machine may have
	// made by itself.
	obscured int
	// ownFaults tells whether the client had failures of its own.
	ownFaults bool
	// unsound is that of incomplete.
	unsound bool
}

func sumLosses(streams []report.Stream, failures []*failure, gaps []recording.Gap, stalls []recording.Stall) losses {
	var l losses
	for _, s := range streams {
		l.sent += s.Sent
		l.failed += s.Failed
		l.maskable += s.Maskable
		l.unattributed += s.Unattributed
		l.ownFaults = l.ownFaults || s.Client > 0
	}
	for _, f := range failures {
		if nearGap(f, gaps) || inStall(f, stalls) {
			l.obscured++
		}
	}
	return l
}

// nearGap tells whether the watch may have missed what explains the failure.
// Nodes and leases only add to an explanation.
func nearGap(f *failure, gaps []recording.Gap) bool {
	return slices.ContainsFunc(gaps, func(g recording.Gap) bool {
		return g.Resource != "nodes" && g.Resource != "leases" && !f.EndAt().Before(g.From.Add(-gapReach)) && !f.SentAt().After(g.To.Add(gapReach))
	})
}

// stalls are the times in which the sending process did not run.
func stalls(v *report.Validity) []recording.Stall {
	if v.Client == nil {
		return nil
	}
	return v.Client.Stalls
}

// inStall tells whether the request's time was up while nobody was there to read:
// an answer that came meanwhile is found too late.
func inStall(f *failure, stalls []recording.Stall) bool {
	return f.Class == recording.ClassTimeout && slices.ContainsFunc(stalls, func(s recording.Stall) bool {
		return !f.EndAt().Before(s.From) && !f.EndAt().After(s.To.Add(stallReach))
	})
}

// stallDoubts tells of failures that this machine may have made by itself.
func stallDoubts(failures []*failure, stalls []recording.Stall) []string {
	var timedOut int
	var longest time.Duration
	for _, s := range stalls {
		longest = max(longest, s.To.Sub(s.From))
	}
	for _, f := range failures {
		if inStall(f, stalls) {
			timedOut++
		}
	}
	if timedOut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s timed out while this machine stood still (for up to %s): whether they were answered is not known",
		text.Count(timedOut, "request"), text.Coarse(longest))}
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
// itself was in trouble, and of a recording that is sound.
func (l losses) standing(b check.Budget) bool {
	if l.unsound {
		return false
	}
	sure := l.failed - l.obscured
	if l.ownFaults {
		sure -= l.unattributed
	}
	return sure-min(l.maskable, b.Maskable) > b.Failed || (l.obscured == 0 && !l.ownFaults && l.unattributed > b.Unattributed)
}

// doubts are the reasons for which a run without losses would prove nothing.
func doubts(rep *report.Report, r *recording.Recording, c *course, ended []*termination, t *traffic) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }

	switch {
	case r.Ending == nil:
		add("the run was cut off: its recording has no end")
	case r.Ending.Interrupted:
		add("the run was stopped before its end")
	case r.Ending.Error != "":
		add("the run could not be carried out: %s", r.Ending.Error)
	}
	if control := r.Header.Control; control != nil && !control.Caught {
		add("the control, a service that drops requests, was not caught: %s", control.Why)
	}
	if t.baselineSent == 0 {
		add("nothing was sent in the baseline")
	}
	if len(c.disruptions) == 0 {
		add("nothing was done to the workload")
	}
	for _, d := range c.disruptions {
		if d.Steady.IsZero() && d.Unsteady != "" {
			add("%s did not come to its end: %s", d.Kind, d.Unsteady)
		}
		if len(d.Terminated) == 0 {
			add("%s ended no pod", d.Kind)
		}
	}
	all = append(all, t.incomplete.doubts...)
	all = append(all, loadDoubts(rep)...)
	all = append(all, coverageDoubts(ended, t)...)
	return all
}

// loadDoubts tells where the load was not what the check asked for.
func loadDoubts(rep *report.Report) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, s := range rep.Streams {
		if s.Client > 0 {
			add("stream %s: %s failed on the client's own side (names, ports or descriptors)", s.Name, text.Count(s.Client, "request"))
		}
		if s.Sent > 0 && time.Duration(s.LatenessP99) > latenessTolerance {
			add("stream %s: requests went out late (99th percentile %s, at most %s is allowed): this machine is too busy for %g per second",
				s.Name, text.Coarse(time.Duration(s.LatenessP99)), latenessTolerance, s.Rate)
		}
		if s.AchievedRate > 0 && math.Abs(s.AchievedRate-s.Rate) > rateTolerance*s.Rate {
			add("stream %s: %.4g requests per second were sent, %.4g were wanted", s.Name, s.AchievedRate, s.Rate)
		}
		if s.Sent == 0 {
			add("stream %s sent nothing", s.Name)
		}
	}
	return all
}

// coverageDoubts tells which ends no traffic would have noticed. Of a stream of
// long requests an answer shortly before the end is not enough.
func coverageDoubts(ended []*termination, t *traffic) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, s := range t.streams {
		switch {
		case s.kind.Long():
			if missed := missedBy(ended, func(e *termination) bool { return e.metLong(s) }); len(missed) > 0 {
				missing, tooShort := longWords(s)
				add("stream %s had no %s when the end of %s began: %s, so that a URL that takes longer or a higher rate is needed",
					s.Name, missing, list(missed), tooShort)
			}
		case s.podsNamed:
			if missed := missedBy(ended, func(e *termination) bool { return e.Covered[s.Name] }); len(missed) > 0 {
				add("stream %s had no request answered by %s shortly before its end: more rate or a larger pool is needed",
					s.Name, list(missed))
			}
		}
	}
	return all
}

// missedBy names the pods that had been ready and whose end the stream did not
// meet.
func missedBy(ended []*termination, met func(*termination) bool) []string {
	var missed []string
	for _, e := range ended {
		if e.wasReady && !met(e) {
			missed = append(missed, e.Pod)
		}
	}
	return missed
}

func list(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more pods", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
