package analysis

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// failuresExamined bounds how many failed requests are kept whole. Beyond it
// they are counted, as unattributed.
const failuresExamined = 100_000

// traffic is what the samples show.
type traffic struct {
	streams []*streamTally
	// terminations are the endings in their order, lives the pods in theirs.
	terminations []*termination
	lives        []*life
	starts       *starts
	// failures are in the order in which they were sent.
	failures []*failure
	// frontends are what stands at the addresses that were dialled.
	frontends *frontends
	// keeps tells whether any connection carried several requests.
	keeps bool
	// roundTrip is the least time in which a connection was made, a TLS handshake
	// included: what goes to the service and back takes about as long. 0 if none was.
	roundTrip time.Duration
	// dials are how long connections of answered requests took to be made.
	dials *hdrhistogram.Histogram
	// podsNamed tells whether any answer named its pod; not where all names are of
	// pods that are not the workload's, of which otherName is one.
	podsNamed    bool
	lookups      lookups
	otherName    string
	baselineSent int
	// baselineUnexamined are the baseline's failures that were not kept.
	baselineUnexamined int
	last               time.Time
	// incomplete is what the recording lacks.
	incomplete incomplete
	// senders are the pods that sent, with what became of their requests.
	senders bySender
	stalls  stalls
	// played is the balancer that the senders played; lastDialled are the moments at which a
	// new connection was last made to each pod then, by its UID.
	played      *played
	lastDialled map[string]time.Time
}

type streamTally struct {
	report.Stream
	kind     check.StreamKind
	latency  *hdrhistogram.Histogram
	lateness *hdrhistogram.Histogram
	maximum  time.Duration
	series   *seriesTally
	sends    sendTimes
	// took is how long answered requests took once they had a connection, longest the
	// longest of these times: what a drain has to wait for.
	took    *hdrhistogram.Histogram
	longest time.Duration
	// longestAnswer is the longest of all complete answers, of errors, too: what took long to
	// be answered with an error had been read.
	longestAnswer time.Duration
	// longestPart is the longest time for which an answered request was what a
	// stream of its kind is there for (longPart).
	longestPart time.Duration
	// onKept counts the requests that went out on a connection which had carried one before.
	onKept     int
	podsNamed  bool
	unexamined int
	// clientErrors are those of this side.
	clientErrors wording
	// bodiless tells that its requests are heads alone.
	bodiless bool
	// redirects are its answers that may be no pod's; expects tells that the check says
	// which statuses are the workload's.
	redirects redirects
	expects   bool
	// bounds are what its latency is held to; nil where nothing is.
	bounds *boundedLatency
}

// reusedNone tells of a stream of reused connections that none was ever reused.
func (s *streamTally) reusedNone() bool {
	return s.Connections == string(check.Reused) && s.Sent > 0 && s.onKept == 0
}

// closedNews bounds how long it may take to learn, by a request on it, that a kept connection
// has been closed. The other side's kernel resets it (RFC 9293, 3.10.7.1), as it answers the
// SYN of a dial, and both wait for the same machines and programs on their way but for the
// server's: so that 99 of 100 dials of the run took no longer. Beyond slowRefusal some pod
// has the request, whatever dials take.
func (t *traffic) closedNews() time.Duration {
	return max(t.roundTrip, min(time.Duration(quantile(t.dials, 99)), slowRefusal))
}

// life is a pod with what the traffic showed of it.
type life struct {
	*pod
	ends []*termination
	// served and last are its first and its last answer; zero if it gave none that named it.
	served, last time.Time
}

// longest is how long an answered request of any stream took at the most.
func (t *traffic) longest() time.Duration {
	var longest time.Duration
	for _, s := range t.streams {
		longest = max(longest, s.longest)
	}
	return longest
}

// rate is that of all streams together, in requests per second.
func (t *traffic) rate() float64 {
	sum := 0.0
	for _, s := range t.streams {
		sum += s.Rate
	}
	return sum
}

func (t *traffic) stream(name string) *streamTally {
	return t.streams[slices.IndexFunc(t.streams, func(s *streamTally) bool { return s.Name == name })]
}

// past tells of requests that went to services which do not select the workload's pods. A
// proxy there may pass them on, but nothing shows it where no answer names one of the
// pods, and the check does not say it: what these lost, the service that was asked may
// never have met. Of names that are others' otherName tells.
func (t *traffic) past(h *recording.Header) bool {
	return len(h.Workload.ForeignServices) > 0 && h.Check.Target.Service == "" && !t.podsNamed && t.otherName == ""
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

// longerThan is the share of the times that are longer.
func longerThan(h *hdrhistogram.Histogram, d time.Duration) float64 {
	var longer int64
	for _, bar := range h.Distribution() {
		if bar.To > d.Microseconds() {
			longer += bar.Count
		}
	}
	return float64(longer) / float64(max(h.TotalCount(), 1))
}

// readTraffic reads the samples, once.
func readTraffic(ctx context.Context, r *recording.Recording, senders []*sender, run *run, pods *podIndex, endings []*ending, endpoints *endpoints) (*traffic, error) {
	p := newPass(r, senders, run, pods, endings, endpoints)
	for sample, err := range r.Samples() {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		p.completeness.take(sample)
		if tally := p.byName[sample.Stream]; tally != nil {
			p.take(sample, tally)
		} else if uid, probed := recording.WindowOf(sample.Stream); probed {
			p.windows.take(uid, sample, pods)
		}
	}
	return p.end(r, endpoints), nil
}

// pass is one reading of the samples.
type pass struct {
	traffic
	byName       map[string]*streamTally
	run          *run
	pods         *podIndex
	answering    []answering
	servings     []*serving
	rotation     *rotation
	onsets       onsets
	completeness *completeness
	windows      windows
	clock        span
	carriers     carriers
	// disturbed are the times in which what ended may have slowed requests down.
	disturbed []report.Interval
	// front tells that others than the workload's pods answer, on purpose.
	front     bool
	traceBase recording.TraceBase
}

// answering is a pod while its answers are read.
type answering struct {
	*pod
	ends []*serving
	// served and last are its first and its last answer.
	served, last time.Time
}

func newPass(r *recording.Recording, senders []*sender, run *run, pods *podIndex, endings []*ending, endpoints *endpoints) *pass {
	p := &pass{
		traffic: traffic{
			dials:     newHistogram(),
			frontends: newFrontends(pods, leadsElsewhere(&r.Header), r.Header.Workload.ServesURL), senders: newBySender(senders), stalls: stallsOf(r.Ending, senders),
			played: playedIn(&r.Header), lastDialled: map[string]time.Time{},
		},
		byName: map[string]*streamTally{}, run: run, pods: pods,
		rotation:     newRotation(endings, longestTimeout(r.Header.Check), endpoints.most, senders),
		onsets:       newOnsets(endings),
		completeness: newCompleteness(r, senders),
		windows:      newWindows(endings),
		clock:        doubtOf(senders),
		carriers:     carriers{},
		disturbed:    run.disturbed(endings, max(looseProxyLag, playedIn(&r.Header).usualLag())),
		front:        r.Header.Workload.Front(r.Header.Check.Target.Service),
		traceBase:    r.Header.TraceBase,
	}
	for _, s := range r.Header.Check.Streams {
		tally := &streamTally{
			Stream:       report.Stream{Name: s.Name, Kind: shownKind(s.Kind), Connections: string(s.Connections), Rate: s.Rate},
			kind:         s.Kind,
			latency:      newHistogram(),
			took:         newHistogram(),
			lateness:     newHistogram(),
			series:       newSeriesTally(r.Header.Began),
			clientErrors: wording{},
			bodiless:     s.Body == nil && s.Targets == nil,
			redirects:    redirects{},
			expects:      len(s.ExpectStatus) > 0,
			bounds:       newBoundedLatency(r.Header.Check.Budget.LatencyBounds(s)),
		}
		p.streams = append(p.streams, tally)
		p.byName[s.Name] = tally
	}
	for _, e := range endings {
		p.servings = append(p.servings, &serving{ending: e, at: map[string]*served{}, servedOn: map[connection]int{}})
	}
	for _, pod := range pods.all {
		a := answering{pod: pod}
		for _, e := range pod.ends {
			a.ends = append(a.ends, p.servings[e.number])
		}
		p.answering = append(p.answering, a)
	}
	return p
}

func (p *pass) traceID(s *recording.Sample) string {
	if p.traceBase == (recording.TraceBase{}) {
		return ""
	}
	return p.traceBase.Traces(s.Stream).ID(s.Seq).String()
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

// fromBehind is the sample without the names of pods that are not the workload's, where
// those of another service answer on purpose: they do not end, and a connection to one
// of them may hang on any of the workload's.
func (p *pass) fromBehind(s *recording.Sample) *recording.Sample {
	if !p.front {
		return s
	}
	known := *s
	for _, name := range []*string{&known.Pod, &known.ConnPod} {
		if *name != "" && p.pods.named(*name, s.EndAt()) == nil {
			*name = ""
		}
	}
	return &known
}

func (p *pass) take(s *recording.Sample, tally *streamTally) {
	tally.redirects.take(s) // whoever it names
	p.dialled(s)
	s = p.played.naming(p.fromBehind(s), p.pods)
	p.last = later(p.last, s.EndAt())
	tally.Sent++
	if !s.Fresh() {
		tally.onKept++
	}
	p.senders.take(s)
	tally.series.take(s)
	tally.sends.take(s)
	recordIn(tally.lateness, s.Sent)
	p.lookups.take(s)
	baseline := p.run.inBaseline(s.SentAt())
	if baseline {
		p.baselineSent++
	}
	if s.Pod != "" {
		p.podsNamed, tally.podsNamed, p.otherName = true, true, cmp.Or(p.otherName, s.Pod)
	}
	p.keeps = p.keeps || !s.Fresh()
	frontend := p.frontends.take(s)
	// A proxy chooses a pod for each request, also on the client's kept connection.
	if p.played == nil && (s.Fresh() || p.frontends.told || frontend.proxy()) && (s.Outcome == recording.OK || s.Outcome == recording.Failed) {
		p.rotation.take(freshConnection{sender: s.Sender, sent: s.DialledAt(), ok: s.Outcome == recording.OK, pod: s.Pod})
	}
	switch s.Outcome {
	case recording.OK:
		p.answer(s, tally)
	case recording.Failed:
		tally.Failed++
		if s.Class.Answered() {
			tally.longestAnswer = max(tally.longestAnswer, s.End-begun(s))
		}
		if s.Maskable {
			tally.Maskable++
		}
		if len(p.failures) < failuresExamined {
			p.failures = append(p.failures, &failure{Sample: *s, baseline: baseline, traceID: p.traceID(s), before: p.carriers.failed(s)})
			break
		}
		tally.unexamined++
		if baseline {
			p.baselineUnexamined++
		}
	case recording.ClientFault:
		tally.Client++
		tally.clientErrors.take(s.Error)
	case recording.Unfinished:
		tally.Unfinished++
	}
}

func (p *pass) answer(s *recording.Sample, tally *streamTally) {
	tally.OK++
	p.carriers.answered(s)
	recordIn(tally.latency, s.End)
	if tally.bounds != nil {
		tally.bounds.take(s, covered(p.disturbed, s.Scheduled), p.stalls)
	}
	tally.maximum = max(tally.maximum, s.End)
	recordIn(tally.took, s.End-begun(s))
	tally.longest = max(tally.longest, s.End-begun(s))
	tally.longestAnswer = max(tally.longestAnswer, s.End-begun(s))
	if dial := s.Acquired - max(s.Sent, s.Resolved); s.Fresh() && s.Acquired != recording.NotReached {
		recordIn(p.dials, dial)
		if p.roundTrip == 0 || dial < p.roundTrip {
			p.roundTrip = dial
		}
	}
	uid := ""
	if pod := p.pods.named(s.Pod, s.EndAt()); pod != nil {
		p.answering[pod.number].answered(s)
		uid = pod.uid
	}
	if from, to, ok := longPart(tally.kind, s); ok {
		tally.longestPart = max(tally.longestPart, to.Sub(from))
		for _, e := range p.onsets.during(from, to) {
			p.servings[e.number].underWay.add(s.Stream, e.UID == uid)
		}
	}
}

// answered takes an answer that named the pod as evidence that it served.
func (a *answering) answered(s *recording.Sample) {
	end := s.EndAt()
	if a.served.IsZero() || end.Before(a.served) {
		a.served = end
	}
	a.last = later(a.last, end)
	for _, t := range a.ends {
		if t.Container == "" || s.SentAt().Before(t.begin()) || !end.After(t.exit().From) {
			t.answered(s)
			return
		}
		// A container that is begun anew may answer within the second in which the one
		// before it ended: what was asked meanwhile tells of neither.
		if end.After(t.exit().To) && (t.again.IsZero() || end.Before(t.again)) {
			t.again = end
		}
	}
}

// unnamed takes names that are not the workload's for none.
func (t *traffic) unnamed() {
	t.podsNamed = false
	for _, s := range t.streams {
		s.podsNamed = false
	}
}

// end is what the pass has come to.
func (p *pass) end(r *recording.Recording, endpoints *endpoints) *traffic {
	t := &p.traffic
	for _, s := range t.streams {
		s.Latency = report.Latency{P50: quantile(s.latency, 50), P99: quantile(s.latency, 99), Max: report.Duration(s.maximum)}
		s.LatencyBounds = s.bounds.told()
		s.LatenessP99 = quantile(s.lateness, 99)
	}
	for _, e := range p.servings {
		known := e.termination(t.frontends)
		known.window = p.windows.of(e.ending, known.lastNew, p.clock)
		known.accepts = known.accepts || known.tookNewUntilKilled()
		t.terminations = append(t.terminations, known)
	}
	if t.frontends.ofWorkload() {
		t.otherName = ""
	} else {
		t.unnamed()
	}
	alike(t.terminations)
	for _, a := range p.answering {
		l := &life{pod: a.pod, served: a.served, last: a.last}
		for _, e := range a.ends {
			l.ends = append(l.ends, t.terminations[e.number])
		}
		t.lives = append(t.lives, l)
	}
	t.starts = newStarts(t, freshRate(r.Header.Check), endpoints, r.Header.Workload.ServesURL && !p.front)
	for number, forgotten := range p.rotation.settle(t.starts) {
		t.terminations[number].forgotten = forgotten
	}
	slices.SortStableFunc(t.failures, func(a, b *failure) int {
		return cmp.Or(a.SentAt().Compare(b.SentAt()), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Seq, b.Seq))
	})
	closedNews := t.closedNews()
	for _, f := range t.failures {
		f.roundTrip, f.closedNews = t.roundTrip, closedNews
	}
	t.incomplete = p.completeness.incomplete(r)
	return t
}
