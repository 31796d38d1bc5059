package analysis

import (
	"context"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Analyze makes the report of a recording. The same recording always gives the
// same report. It fails on a damaged recording, and when ctx ends.
func Analyze(ctx context.Context, r *recording.Recording) (*report.Report, error) {
	// What happened, from the events and the run's own actions.
	endpoints := readEndpoints(&r.Events, &r.Header.Workload, r.Header.Senders, playedIn(&r.Header))
	senders := readSenders(r)
	endings := readEndings(r, senders, endpoints)
	pods := indexPods(&r.Events, endings, endpoints, r.Header.Workload.TargetPorts)
	others := otherEndpoints(endpoints, pods)
	run := readRun(r.Actions)
	disruptions := run.withEnded(endings)

	// What the traffic met, from the samples.
	traffic, err := readTraffic(ctx, r, senders, run, pods, endings, endpoints)
	if err != nil {
		return nil, err
	}

	// Why requests failed, and what that shows of the ends.
	pace := paceOf(streams(traffic, nil, r), senders, r.Ending)
	failures := attribute(examine(traffic, pods), traffic, endpoints, others, gaps(&r.Events), pace)
	ended := accounts(traffic, failures)
	terminations := terminations(ended, traffic)
	streams := streams(traffic, failures, r)

	// What was found out, and what to change.
	learned := &learned{r, run, senders, traffic, failures, ended, endpoints, others, pace.starved}
	findings := learned.withFixes(findings(failures, traffic))
	warnings := learned.warn(findings)

	// What it is worth.
	baselineFailed := baselineFailures(run, failures)
	validity := validity(r, traffic, traffic.baselineUnexamined+len(baselineFailed))
	validity.Doubts = append(doubts(r, disruptions, streams, pace, ended, traffic, endpoints), stallDoubts(failures, traffic)...)
	validity.Doubts = append(validity.Doubts, lookupDoubts(failures, traffic)...)
	validity.Doubts = append(validity.Doubts, unwrittenDoubts(failures, traffic)...)
	latency := judgeLatency(streams, traffic, pace.starved)
	forecast := readForecast(r.Actions, ended)
	outlasts := judgeOutlasts(r.Header.Check.Budget, forecast, pace.starved)
	validity.Doubts = slices.Concat(validity.Doubts, latency.doubts, outlasts.doubts)
	nobody := unanswered(r, baselineFailed, &validity, endpoints)
	losses := sumLosses(streams, failures, baselineFailed, &validity, traffic, pace.starved, r.Header.Check.Prove != nil)
	own := ownBudgets(&r.Header.Check, streams, failures, &validity, traffic, pace.starved)
	exceeded(streams, own)
	power := power(r, endpoints.most, pace, traffic, ended, validity.Baseline.Failed)
	ends := countEnds(ended, failures, traffic.streams, power, func(f *explained) bool {
		return f.confidence != report.Possible && !obscured(f, validity.Gaps, traffic) && (!pace.starved || evident(f))
	})
	if len(validity.Doubts) == 0 {
		validity.Doubts = unmetDoubts(ends)
	}
	proof := prove(r.Header.Check.Prove, ends, disrupting(disruptions, r.Ending))
	verdict, reasons := judge(r.Header.Check.Budget, terminations, ends, &validity, losses, own, proof, nobody)
	verdict, reasons = latency.after(verdict, reasons, validity.Baseline.Failed > 0)
	verdict, reasons = outlasts.after(verdict, reasons, validity.Baseline.Failed > 0)

	had := occasions(ended, disruptions, traffic.starts)
	rep := &report.Report{
		APIVersion:   check.APIVersion,
		Kind:         "Report",
		Verdict:      verdict,
		Reasons:      reasons,
		Warnings:     warnings,
		Namespace:    r.Header.Namespace,
		Workload:     r.Header.Check.Workload.String(),
		Began:        r.Header.Began,
		Ended:        traffic.last,
		Via:          traffic.played.told(traffic.forgot()),
		Streams:      streams,
		Senders:      traffic.senders,
		Disruptions:  disruptions,
		Terminations: terminations,
		Ends:         claimed(ends, verdict, validity.Doubts, proof),
		Windows:      forecast.told(),
		Proof:        proof.told(verdict, validity.Doubts),
		Findings:     foreseen(leadingThere(findings, nobody), r.Header.Lint, had),
		Lint:         lintOutcomes(r.Header.Lint, findings, warnings, verdict, had),
		Failures:     describe(failures[:min(len(failures), report.FailuresListed)], len(traffic.senders)),
		Power:        power,
		Validity:     validity,
		Check:        r.Header.Check,
		Picture:      draw(r, findings, failures, traffic, pods, endpoints),
	}
	if r.Ending != nil {
		rep.Ended = r.Ending.At
	}
	return rep, nil
}
