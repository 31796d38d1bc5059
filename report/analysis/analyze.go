package analysis

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Analyze makes the report of a recording. The same recording always gives the
// same report. It fails on a damaged recording, and when ctx ends.
func Analyze(ctx context.Context, r *recording.Recording) (*report.Report, error) {
	endpoints := readEndpoints(&r.Events)
	ended := terminations(r, endpoints)
	course := readCourse(r.Actions)
	course.assign(ended)
	pods := indexPods(&r.Events, ended, endpoints)
	rotation := newRotation(ended, longestTimeout(r.Header.Check), endpoints.most)
	traffic, err := readTraffic(ctx, r, course, pods, rotation, newMoments(ended))
	if err != nil {
		return nil, err
	}
	for _, t := range ended {
		t.Exited = notBefore(t.Exited, t.LastAnswered.From.Add(-delivery))
	}

	scene := &scene{
		endpoints: endpoints,
		starts:    newStarts(pods, freshRate(r.Header.Check), endpoints.most, traffic.podsNamed),
		gaps:      gaps(&r.Events),
		longest:   map[string]time.Duration{},
		podsNamed: traffic.podsNamed,
	}
	rotation.settle(scene.starts)
	for _, s := range traffic.streams {
		scene.longest[s.Name] = s.longest
	}
	slices.SortStableFunc(traffic.failures, func(a, b *failure) int {
		return cmp.Or(a.SentAt().Compare(b.SentAt()), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Seq, b.Seq))
	})
	scene.correlate(traffic.failures, ended, pods)
	traffic.settleBaseline(course)
	traffic.failedUnderWay(pods)

	rep := &report.Report{
		APIVersion:  check.APIVersion,
		Kind:        "Report",
		Namespace:   r.Header.Namespace,
		Workload:    r.Header.Check.Workload.String(),
		Began:       r.Header.Began,
		Ended:       traffic.last,
		Disruptions: []report.Disruption{},
		Findings:    scene.findings(traffic.failures, r),
		Failures:    describe(traffic.failures[:min(len(traffic.failures), report.FailuresListed)]),
		Power:       map[string]report.Duration{},
		Check:       r.Header.Check,
	}
	if r.Ending != nil {
		rep.Ended = r.Ending.At
	}
	rep.Streams = finishStreams(traffic, r)
	for _, s := range r.Header.Check.Streams {
		if seen := smallestOutageSeen(s, endpoints.most); seen > 0 {
			rep.Power[s.Name] = seen
		}
	}
	for _, d := range course.disruptions {
		rep.Disruptions = append(rep.Disruptions, d.Disruption)
	}
	rep.Terminations = finishTerminations(ended, traffic)
	rep.Warnings = warn(rep, r, course, ended, scene.longestOfAll())
	rep.Validity = validate(rep, r, course, ended, traffic)
	rep.Picture = draw(rep, r, traffic, pods, endpoints)
	losses := sumLosses(rep.Streams, traffic.failures, rep.Validity.Gaps, stalls(&rep.Validity))
	losses.unsound = traffic.incomplete.unsound
	rep.Verdict, rep.Reasons = judge(rep, losses)
	return rep, nil
}

// longestTimeout bounds the requests of all streams.
func longestTimeout(c check.Check) time.Duration {
	var longest time.Duration
	for _, s := range c.Streams {
		longest = max(longest, time.Duration(s.Timeout))
	}
	return longest
}

// freshRate is how many requests per second go out on connections of their own.
func freshRate(c check.Check) float64 {
	rate := 0.0
	for _, s := range c.Streams {
		if s.Connections == check.New {
			rate += s.Rate
		}
	}
	return rate
}

func gaps(events *recording.Events) []recording.Gap {
	var all []recording.Gap
	for event := range events.ButSlices() {
		if gap := event.Gap; gap != nil {
			all = append(all, *gap)
		}
	}
	return all
}

func finishStreams(t *traffic, r *recording.Recording) []report.Stream {
	unattributed := map[string]int{}
	for _, f := range t.failures {
		if !f.attributed() {
			unattributed[f.Stream]++
		}
	}
	ends := map[string]recording.StreamEnd{}
	if r.Ending != nil {
		for _, end := range r.Ending.Streams {
			ends[end.Name] = end
		}
	}
	streams := make([]report.Stream, 0, len(t.streams))
	for _, tally := range t.streams {
		s := tally.Stream
		s.Unattributed = unattributed[s.Name] + tally.unexamined
		if end, ok := ends[s.Name]; ok && end.Scheduled > 0 {
			// What was sent of what the schedule wanted, so that a short run's
			// edges do not count against it.
			s.AchievedRate = s.Rate * float64(end.Sent) / float64(end.Scheduled)
		}
		s.Spread = namedSpread(ends[s.Name].Spread)
		streams = append(streams, s)
	}
	return streams
}

func finishTerminations(ended []*termination, t *traffic) []report.Termination {
	finished := make([]report.Termination, 0, len(ended))
	for _, e := range ended {
		e.Margins = e.margins()
		for _, s := range t.streams {
			if s.podsNamed && !e.Covered[s.Name] {
				if e.Covered == nil {
					e.Covered = map[string]bool{}
				}
				e.Covered[s.Name] = false
			}
		}
		e.UnderWay = t.longOf(e)
		finished = append(finished, e.Termination)
	}
	return finished
}

// longOf counts the long requests that a pod had when its end began, for each
// stream of such that names its pods; nil where there is none.
func (t *traffic) longOf(e *termination) map[string]int {
	var counts map[string]int
	for _, s := range t.streams {
		if !s.kind.Long() || !s.podsNamed {
			continue
		}
		if counts == nil {
			counts = map[string]int{}
		}
		counts[s.Name] = e.UnderWay[s.Name]
	}
	return counts
}

// warn tells first what the check itself gives up, what preflight noticed and what
// could not be put back.
func warn(rep *report.Report, r *recording.Recording, c *course, ended []*termination, longest time.Duration) []report.Warning {
	blamed := map[report.Cause]bool{}
	for _, f := range rep.Findings {
		blamed[f.Cause] = true
	}
	var all []report.Warning
	if secure := r.Header.Check.Target.TLS; secure != nil && secure.InsecureSkipVerify {
		all = append(all, report.Warning{Text: "certificates were not verified (insecureSkipVerify): whether clients that verify them would have been answered is not known"})
	}
	for _, line := range r.Header.Workload.Warnings {
		all = append(all, report.Warning{Text: line})
	}
	for _, line := range c.restoreFailed {
		all = append(all, report.Warning{Text: "not put back: " + line})
	}
	return append(all, warnings(ended, longest, blamed)...)
}

func validate(rep *report.Report, r *recording.Recording, c *course, ended []*termination, t *traffic) report.Validity {
	v := report.Validity{
		Complete:  r.Ending != nil && !r.Ending.Interrupted && r.Ending.Error == "",
		PodsNamed: t.podsNamed,
	}
	v.Baseline.Sent, v.Baseline.Failed = t.baselineSent, t.baselineFailed
	v.Gaps = gaps(&r.Events)
	if r.Ending != nil {
		v.Client = r.Ending.Client
	}
	v.Doubts = append(doubts(rep, r, c, ended, t), stallDoubts(t.failures, stalls(&v))...)
	if !t.podsNamed {
		rep.Warnings = append(rep.Warnings, report.Warning{Text: "answers do not name their pod (header " +
			r.Header.Check.Target.PodHeader + "): whether each ended pod carried traffic could not be checked"})
	}
	return v
}

func describe(failures []*failure) []report.Failure {
	described := make([]report.Failure, 0, len(failures))
	for _, f := range failures {
		one := report.Failure{
			Stream: f.Stream, Seq: f.Seq, Sent: f.SentAt(), Ended: f.EndAt(),
			Phase: f.Phase, Class: f.Class, Status: f.Status, Error: strings.ToValidUTF8(f.Error, "�"),
			Connection: f.Conn, Served: f.Served, Maskable: f.Maskable, Cause: f.cause, Pods: f.pods(),
		}
		if f.Phase == recording.PhaseBody {
			one.BytesIn = &f.BytesIn
		}
		if d, ok := sinceSigterm(f); ok {
			one.SinceSigterm = &d
		}
		described = append(described, one)
	}
	return described
}
