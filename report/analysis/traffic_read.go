package analysis

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

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

func newPass(r *recording.Recording, senders []*sender, run *run, pods *podIndex, endings []*ending, endpoints *endpoints) *pass {
	p := &pass{
		traffic: traffic{
			dials:     newHistogram(),
			frontends: newFrontends(pods, leadsElsewhere(&r.Header), r.Header.Workload.ServesURL), senders: newBySender(senders), stalls: stallsOf(r.Ending, senders),
			played: playedIn(&r.Header), lastDialled: map[string]time.Time{}, first: cmp.Or(run.baseline.from, r.Header.Began),
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
		tally := newStreamTally(s, &r.Header)
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
		known.finishes = e.finishing(known.lastNew, known.window.tookNew)
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
