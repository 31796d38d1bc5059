package analysis

import (
	"context"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// failuresExamined bounds how many failed requests are kept whole. Beyond it
// they are counted, as unattributed.
const failuresExamined = 100_000

// coverageReach is how long before its deletion a pod's answers still count as
// coverage of its end.
const coverageReach = 10 * time.Second

// traffic is what one pass over the samples leaves.
type traffic struct {
	streams  []*streamTally
	byName   map[string]*streamTally
	rotation *rotation
	moments  moments
	failures []*failure
	// podsNamed tells whether any answer named its pod.
	podsNamed      bool
	baselineSent   int
	baselineFailed int
	last           time.Time
	// incomplete is what the recording lacks.
	incomplete incomplete
}

type streamTally struct {
	report.Stream
	kind     check.StreamKind
	latency  *hdrhistogram.Histogram
	lateness *hdrhistogram.Histogram
	maximum  time.Duration
	course   *courseTally
	// longest is the longest time that an answered request took from being
	// sent: what a drain has to wait for.
	longest time.Duration
	// longestPart is the longest time for which an answered request was what a
	// stream of its kind is there for (longPart).
	longestPart time.Duration
	podsNamed   bool
	unexamined  int
}

// failure is a failed sample with what explains it.
type failure struct {
	recording.Sample
	suspects []*termination
	// starting are the new pods whose start explains it.
	starting   []*podLife
	cause      report.Cause
	confidence report.Confidence
	// baseline tells whether it was sent before anything was done.
	baseline bool
}

// attributed tells whether something that happened to a pod explains it.
func (f *failure) attributed() bool { return f.cause.Explains() }

// pods names the pods that explain it.
func (f *failure) pods() []string {
	names := []string{}
	for _, t := range f.suspects {
		names = append(names, t.Pod)
	}
	for _, life := range f.starting {
		names = append(names, life.name)
	}
	return names
}

// newHistogram holds durations in microseconds up to ten minutes, to three
// digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, (10 * time.Minute).Microseconds(), 3)
}

func recordIn(h *hdrhistogram.Histogram, d time.Duration) {
	micros := min(max(d.Microseconds(), 1), h.HighestTrackableValue())
	// The value lies within the histogram's range, so this cannot fail.
	_ = h.RecordValue(micros)
}

func quantile(h *hdrhistogram.Histogram, q float64) report.Duration {
	if h.TotalCount() == 0 {
		return 0
	}
	return report.Duration(time.Duration(h.ValueAtQuantile(q)) * time.Microsecond)
}

func readTraffic(ctx context.Context, r *recording.Recording, c *course, pods *podIndex, rotation *rotation, moments moments) (*traffic, error) {
	t := &traffic{byName: map[string]*streamTally{}, rotation: rotation, moments: moments}
	for _, s := range r.Header.Check.Streams {
		tally := &streamTally{
			Stream:   report.Stream{Name: s.Name, Kind: shownKind(s.Kind), Connections: string(s.Connections), Rate: s.Rate},
			kind:     s.Kind,
			latency:  newHistogram(),
			lateness: newHistogram(),
			course:   newCourseTally(r.Header.Began),
		}
		t.streams = append(t.streams, tally)
		t.byName[s.Name] = tally
	}
	whole := newCompleteness(r)
	for sample, err := range r.Samples() {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		whole.take(sample)
		if tally := t.byName[sample.Stream]; tally != nil {
			t.take(sample, tally, c, pods)
		}
	}
	t.incomplete = whole.incomplete(r)
	for _, s := range t.streams {
		s.Latency = report.Latency{P50: quantile(s.latency, 50), P99: quantile(s.latency, 99), Max: report.Duration(s.maximum)}
		s.LatenessP99 = quantile(s.lateness, 99)
	}
	return t, nil
}

func (t *traffic) take(s *recording.Sample, tally *streamTally, c *course, pods *podIndex) {
	t.last = later(t.last, s.EndAt())
	tally.Sent++
	tally.course.take(s)
	recordIn(tally.lateness, s.Sent)
	baseline := c.inBaseline(s.SentAt())
	if baseline {
		t.baselineSent++
	}
	if s.Pod != "" {
		t.podsNamed, tally.podsNamed = true, true
	}
	if s.Fresh() && (s.Outcome == recording.OK || s.Outcome == recording.Failed) {
		t.rotation.take(freshConnection{sent: s.SentAt(), ok: s.Outcome == recording.OK})
	}
	switch s.Outcome {
	case recording.OK:
		tally.OK++
		recordIn(tally.latency, s.End)
		tally.maximum = max(tally.maximum, s.End)
		tally.longest = max(tally.longest, s.End-s.Sent)
		uid := ""
		if life := pods.named(s.Pod, s.EndAt()); life != nil {
			life.answered(s)
			uid = life.uid
		}
		t.underWay(s, tally, uid)
	case recording.Failed:
		tally.Failed++
		if s.Maskable {
			tally.Maskable++
		}
		if len(t.failures) < failuresExamined {
			t.failures = append(t.failures, &failure{Sample: *s, baseline: baseline})
			break
		}
		tally.unexamined++
		if baseline {
			t.baselineFailed++
		}
	case recording.ClientFault:
		tally.Client++
	case recording.Unfinished:
		tally.Unfinished++
	}
}

// answered takes an answer that named the pod as evidence that it still served.
func (t *termination) answered(s *recording.Sample) {
	if end := s.EndAt(); !t.LastAnswered.Known() || end.After(t.LastAnswered.From) {
		t.LastAnswered = sourced(at(end), "the last answer that named it")
	}
	t.serves(s)
	if end := s.EndAt(); !end.Before(t.begin().Add(-coverageReach)) && end.Before(t.begin()) {
		if t.answers == 0 || end.Before(t.firstCounted) {
			t.firstCounted = end
		}
		t.answers++
	}
	if !s.EndAt().Before(t.begin().Add(-coverageReach)) {
		t.cover(s.Stream)
	}
}

// cover notes that the stream met the pod at its end.
func (t *termination) cover(stream string) {
	if t.Covered == nil {
		t.Covered = map[string]bool{}
	}
	t.Covered[stream] = true
}

// settleBaseline counts the failures of the undisturbed service: those that
// ended before it was touched, and those that nothing which was done to it
// explains. A long request may begin in the baseline and be cut by what follows.
func (t *traffic) settleBaseline(c *course) {
	for _, f := range t.failures {
		if f.baseline && (!f.attributed() || c.inBaseline(f.EndAt())) {
			t.baselineFailed++
		}
	}
}

// serves notes whether a connection goes on as before after SIGTERM. A pod that
// drains ends each one after the next answer; a second answer to a request that
// was sent after the signal shows one that does not.
func (t *termination) serves(s *recording.Sample) {
	if s.Fresh() || t.unmoved || !t.Sigterm.Known() || s.SentAt().Before(t.Sigterm.To.Add(clockSlack)) {
		return
	}
	if t.servedOn == nil {
		t.servedOn = map[connection]int{}
	}
	c := connection{s.Stream, s.Conn}
	t.servedOn[c]++
	t.unmoved = t.servedOn[c] > 1
}
