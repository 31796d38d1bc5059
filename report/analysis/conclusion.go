package analysis

import (
	"maps"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// streams sums the samples up, with what their senders told at the end.
func streams(t *traffic, failures []*explained, r *recording.Recording) []report.Stream {
	unattributed := map[string]int{}
	for _, f := range failures {
		if !f.cause.Explains() {
			unattributed[f.Stream]++
		}
	}
	all := make([]report.Stream, 0, len(t.streams))
	for _, tally := range t.streams {
		s := tally.Stream
		s.Unattributed = unattributed[s.Name] + tally.unexamined
		end := endOf(r.Ending, s.Name)
		s.AchievedRate, s.Spread = achieved(s.Rate, end), namedSpread(end.Spread)
		all = append(all, s)
	}
	return all
}

// terminations are the ends with all that is known of them.
func terminations(ended []*account, t *traffic) []report.Termination {
	all := make([]report.Termination, 0, len(ended))
	for _, e := range ended {
		known := e.Termination
		known.FirstRefused = e.firstRefused
		known.Refused = e.refusedBySender(t.senders)
		known.Margins = e.margins()
		known.Window = e.window.told()
		known.Covered = e.coverage(t.streams)
		known.UnderWay = e.longRequests(t.streams)
		all = append(all, known)
	}
	return all
}

// refusedBySender tells of the requests that a pod turned away, in the order of their
// senders.
func (a *account) refusedBySender(senders bySender) []report.Refused {
	var all []report.Refused
	for i := range senders {
		if refused := a.refused[i]; refused != nil {
			one := *refused
			one.Node = senders[i].Node
			all = append(all, one)
		}
	}
	return all
}

// coverage tells of each stream whether it met the pod, as far as answers name
// theirs.
func (a *account) coverage(streams []*streamTally) map[string]bool {
	covered := maps.Clone(a.covered)
	for _, s := range streams {
		if s.podsNamed && !covered[s.Name] {
			if covered == nil {
				covered = map[string]bool{}
			}
			covered[s.Name] = false
		}
	}
	return covered
}

// longRequests counts the long requests that a pod had when its end began, for each
// stream of such that names its pods; nil where there is none.
func (a *account) longRequests(streams []*streamTally) map[string]int {
	var counts map[string]int
	for _, s := range streams {
		if !s.kind.Long() || !s.podsNamed {
			continue
		}
		if counts == nil {
			counts = map[string]int{}
		}
		counts[s.Name] = a.underWay.here[s.Name]
	}
	return counts
}

// power is, by stream, the shortest outage of one of so many pods that would have
// been seen; of none where requests did not go out as the check wanted, as all rests on
// the rates, where a sender was lost, or past the workload, and not of a stream without an
// answer, or with redirects alone, which would have been the same with an outage. Where
// nothing ended, or the service failed requests before anything was done to it, there was
// no outage of a pod's end to be seen.
func power(r *recording.Recording, pods int, pace pace, t *traffic, ended []*account, baselineFailed int) map[string]report.Duration {
	all := map[string]report.Duration{}
	if len(ended) == 0 || baselineFailed > 0 || len(pace.doubts) > 0 || t.senders.lost() || t.past(&r.Header) {
		return all
	}
	for _, s := range r.Header.Check.Streams {
		tally := t.stream(s.Name)
		if seen := smallestOutageSeen(s, len(r.Header.Senders), pods); seen > 0 && tally.OK > 0 && !tally.redirected(&r.Header.Workload) && !tally.reusedNone() {
			all[s.Name] = seen
		}
	}
	return all
}

// describe gives failures as a report lists them, of so many senders.
func describe(failures []*explained, senders int) []report.Failure {
	described := make([]report.Failure, 0, len(failures))
	for _, f := range failures {
		one := report.Failure{
			Stream: f.Stream, Seq: f.Seq, Sent: f.SentAt(), Ended: f.EndAt(),
			Phase: f.Phase, Class: f.Class, Status: f.Status, Error: strings.ToValidUTF8(f.Error, "�"),
			Connection: f.Conn, Served: f.Served, Maskable: f.Maskable, Cause: f.cause, Pods: f.pods(), TraceID: f.traceID,
		}
		if f.cause.Explains() {
			one.Confidence = f.confidence
		}
		if f.Phase == recording.PhaseBody {
			one.BytesIn = &f.BytesIn
		}
		if since, ok := sinceSigterm(f); ok && since.From == since.To {
			one.SinceSigterm = &since.To
		}
		if senders > 0 {
			one.Sender = &f.Sender
		}
		described = append(described, one)
	}
	return described
}
